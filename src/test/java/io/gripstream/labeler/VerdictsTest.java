package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.TaskDefinition;
import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.TowerPasses.Feature;
import io.gripstream.labeler.TowerPasses.Features;
import io.gripstream.labeler.Verdicts.Input;
import io.gripstream.labeler.Verdicts.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VerdictsTest {
  /** No multiple of what the product takes at a time. */
  private static final int SIZE = 67;

  private static final int IMAGES = 21;

  private final Random random = new Random(1);

  @Test
  void aProductOverAllImagesSaysWhatEachHeadSaysOfEachImage() {
    FloatTensor features = features();
    List<Served> all = List.of(task("a", 2), task("b", 10), task("c", 45));
    List<Input> inputs = new ArrayList<>();
    for (int image = 0; image < IMAGES; image++) {
      // Most are meant for all, some for one, too few for a product.
      List<Served> tasks = image % 7 == 0 ? List.of(all.get(2)) : all;
      inputs.add(new Input(new Features(new Feature(features, image), Map.of()), tasks));
    }

    List<List<Verdict>> verdicts = Verdicts.of(inputs);

    for (int image = 0; image < IMAGES; image++) {
      List<Served> tasks = inputs.get(image).tasks();
      assertThat(verdicts.get(image)).hasSameSizeAs(tasks);
      for (int task = 0; task < tasks.size(); task++) {
        LivePrompt prompt = tasks.get(task).prompt();
        Verdict verdict = verdicts.get(image).get(task);
        float[] values = features.values();
        assertThat(verdict.live())
            .containsExactly(prompt.live().probabilities(values, image), within(1e-5f));
        assertThat(verdict.zeroShot())
            .containsExactly(prompt.zeroShot().probabilities(values, image), within(1e-5f));
      }
    }
  }

  private FloatTensor features() {
    float[] values = new float[IMAGES * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(SIZE));
    }
    return FloatTensor.matrix(IMAGES, SIZE, values);
  }

  private Served task(String name, int classes) {
    float[] bias = new float[classes];
    for (int c = 0; c < classes; c++) {
      bias[c] = (float) random.nextGaussian();
    }
    LivePrompt prompt =
        new LivePrompt(
            name, 1, "", List.of(), Optional.empty(), head(classes).withBias(bias), head(classes));
    return new Served(TaskDefinition.newBuilder().setClasses(List.of("x", "y")).build(), prompt);
  }

  private ClassHead head(int classes) {
    float[][] rows = new float[classes][SIZE];
    for (float[] row : rows) {
      for (int d = 0; d < SIZE; d++) {
        row[d] = (float) (random.nextGaussian() / Math.sqrt(SIZE));
      }
    }
    return new ClassHead(Events.tensor(rows), 100);
  }
}
