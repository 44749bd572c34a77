package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.train.Trajectories.Quadratic;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DescentTest {
  private static final float CLOSE = 1e-5f;

  static Stream<JsonNode> descents() {
    return StreamSupport.stream(Trajectories.at("descents").spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("descents")
  void momentumWeightDecayAndClippingOverTwoTensorsAreThoseOfPyTorch(JsonNode entry) {
    Quadratic quadratic = Quadratic.ofTheFile();
    Descent descent =
        new Descent(
            Trajectories.tensors(Trajectories.at("start")), Trajectories.training(entry).build());
    for (JsonNode expected : entry.get("states")) {
      List<FloatTensor> gradient = quadratic.evaluate(descent.parameters(), new int[0]).gradient();
      descent.step(gradient, Descent.norm(gradient), entry.get("rate").doubleValue());
      List<FloatTensor> state = Trajectories.tensors(expected);
      for (int t = 0; t < state.size(); t++) {
        assertThat(descent.parameters().get(t).values())
            .containsExactly(state.get(t).values(), within(CLOSE));
      }
    }
  }

  @Test
  void whatItBeganWithStaysAsItWas() {
    List<FloatTensor> start = Trajectories.tensors(Trajectories.at("start"));
    Descent descent = new Descent(start, Trajectories.bare().build());
    List<FloatTensor> before = descent.copy();
    descent.step(start, 1, 0.1);
    assertThat(start).isEqualTo(before).isEqualTo(Trajectories.tensors(Trajectories.at("start")));
    assertThat(descent.parameters()).isNotEqualTo(before);
  }
}
