package io.gripstream.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.Tensor;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PromptDigestTest {
  /** What is done to the prompt of {@link #prompt}. */
  record Change(String field, String what, Consumer<PromptVersion.Builder> change) {
    PromptVersion changed() {
      PromptVersion.Builder version = PromptVersion.newBuilder(prompt());
      change.accept(version);
      return version.build();
    }

    @Override
    public String toString() {
      return field + ": " + what;
    }
  }

  @ParameterizedTest
  @MethodSource
  void changesWithWhatThePromptIs(Change change) {
    assertThat(PromptDigest.of(change.changed())).isNotEqualTo(PromptDigest.of(prompt()));
  }

  static List<Change> changesWithWhatThePromptIs() {
    return List.of(
        new Change("modelId", "another model", v -> v.setModelId("pico@8")),
        new Change("classes", "another name", v -> v.setClasses(List.of("ab", "d"))),
        new Change("classes", "another order", v -> v.setClasses(List.of("c", "ab"))),
        new Change("classes", "another border", v -> v.setClasses(List.of("a", "bc"))),
        new Change("classes", "one more", v -> v.setClasses(List.of("ab", "c", ""))),
        new Change("tensors", "none", v -> v.setTensors(Map.of())),
        new Change("tensors", "one more", v -> v.getTensors().put("z", tensor(1, 1, 0))),
        new Change("tensors", "another value", v -> v.getTensors().put("context", tensor(1, 2, 8))),
        new Change("tensors", "another shape", v -> v.getTensors().put("context", tensor(2, 1, 7))),
        new Change(
            "tensors",
            "another name",
            v -> v.getTensors().put("contexts", v.getTensors().remove("context"))),
        new Change("classFeatures", "another value", v -> v.setClassFeatures(tensor(2, 2, 2))),
        new Change("classFeatures", "another shape", v -> v.setClassFeatures(tensor(1, 4, 1))),
        new Change("bias", "one", v -> v.setBias(List.of(.5f, -.5f))),
        new Change("bias", "zeros", v -> v.setBias(List.of(0f, 0f))));
  }

  @ParameterizedTest
  @MethodSource
  void staysWhoeverTrainedItWhenAndOnWhatEvidence(Change change) {
    assertThat(change.changed()).isNotEqualTo(prompt());
    assertThat(PromptDigest.of(change.changed())).isEqualTo(PromptDigest.of(prompt()));
  }

  static List<Change> staysWhoeverTrainedItWhenAndOnWhatEvidence() {
    return List.of(
        new Change("task", "another", v -> v.setTask("other")),
        new Change("version", "another", v -> v.setVersion(9)),
        new Change("digest", "another", v -> v.setDigest("11")),
        new Change("parent", "one", v -> v.setParent(new PromptIdentity(1, "22"))),
        new Change("modality", "another", v -> v.setModality(Modality.VISUAL)),
        new Change("paradigm", "one", v -> v.setParadigm(Paradigm.SSL)),
        new Change("template", "another", v -> v.setTemplate("{}")),
        new Change("zeroShotFeatures", "others", v -> v.setZeroShotFeatures(tensor(2, 2, 9))),
        new Change("logitScale", "another", v -> v.setLogitScale(50)),
        new Change("madeBy", "a strategy", v -> v.setMadeBy(Strategy.BALANCE)),
        new Change("round", "another", v -> v.setRound(5)),
        new Change("evidence", "some", v -> v.setEvidence(Map.of("accuracy", 1.0))),
        new Change("createdAt", "later", v -> v.setCreatedAt(Instant.ofEpochMilli(1))));
  }

  @Test
  void everyFieldOfTheContractIsEitherCoveredOrNot() {
    assertThat(
            Stream.concat(
                    changesWithWhatThePromptIs().stream(),
                    staysWhoeverTrainedItWhenAndOnWhatEvidence().stream())
                .map(Change::field)
                .distinct())
        .containsExactlyInAnyOrderElementsOf(
            PromptVersion.getClassSchema().getFields().stream().map(Schema.Field::name).toList());
  }

  /** Computed apart from this code, and before prompts could have a bias. */
  @Test
  void aPromptWithoutABiasKeepsTheDigestThatItHadBeforeThereWereAny() {
    assertThat(PromptDigest.of(prompt()))
        .isEqualTo("9c622ffaf3c33d7c43e484e535f904198c7498245267bf03e6a4c758ad24b208");
  }

  @Test
  void theOrderInWhichTensorsArriveMakesNoDifference() {
    Map<String, Tensor> forth = new LinkedHashMap<>();
    forth.put("context", tensor(1, 2, 7));
    forth.put("visual", tensor(1, 1, 3));
    Map<String, Tensor> back = new LinkedHashMap<>();
    back.put("visual", tensor(1, 1, 3));
    back.put("context", tensor(1, 2, 7));
    assertThat(PromptDigest.of(with(back))).isEqualTo(PromptDigest.of(with(forth)));
  }

  @Test
  void isSha256AndLeavesThePromptAsItWas() {
    PromptVersion version = prompt();
    assertThat(PromptDigest.of(version))
        .matches("[0-9a-f]{64}")
        .isEqualTo(PromptDigest.of(version));
    assertThat(version).isEqualTo(prompt());
  }

  private static PromptVersion with(Map<String, Tensor> tensors) {
    return PromptVersion.newBuilder(prompt()).setTensors(tensors).build();
  }

  private static PromptVersion prompt() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("context", tensor(1, 2, 7));
    return PromptVersion.newBuilder()
        .setTask("digits")
        .setVersion(1)
        .setDigest("00")
        .setParent(null)
        .setModelId("pico@7")
        .setModality(Modality.TEXT)
        .setClasses(List.of("ab", "c"))
        .setTemplate("a {}")
        .setTensors(tensors)
        .setClassFeatures(tensor(2, 2, 1))
        .setZeroShotFeatures(tensor(2, 2, 0))
        .setLogitScale(100)
        .setRound(1)
        .setEvidence(Map.of())
        .setCreatedAt(Instant.EPOCH)
        .build();
  }

  private static Tensor tensor(int rows, int columns, float first) {
    float[] values = new float[rows * columns];
    values[0] = first;
    return Tensors.encode(FloatTensor.matrix(rows, columns, values));
  }
}
