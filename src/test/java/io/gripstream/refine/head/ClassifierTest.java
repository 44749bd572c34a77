package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.prompt.Tensors;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassifierTest {
  private static final FloatTensor CLASSES =
      FloatTensor.matrix(3, 2, new float[] {1, 0, 0, 1, .6f, .8f});
  private static final FloatTensor IMAGES =
      FloatTensor.matrix(3, 2, new float[] {1, 0, 0, 1, .8f, .6f});
  private static final float[] BIAS = {-2.5f, .5f, 1};

  @Test
  void theBiasIsAddedToTheScaledCosines() {
    float[] logits = new Classifier(CLASSES, 10, BIAS).logits(IMAGES).values();
    assertThat(logits)
        .containsExactly(
            new float[] {7.5f, .5f, 7, -2.5f, 10.5f, 9, 5.5f, 6.5f, 10.6f}, within(1e-5f));
  }

  @Test
  void aVersionsBiasIsItsClassifiersAndNoneIsZeros() {
    Classifier biased = Classifier.of(version(List.of(-2.5f, .5f, 1f)));
    assertThat(biased.bias()).containsExactly(BIAS);
    assertThat(biased.logitScale()).isEqualTo(10);
    assertThat(biased.classFeatures()).isEqualTo(CLASSES);
    assertThat(Classifier.of(version(List.of())).bias()).containsExactly(0, 0, 0);
    assertThat(Classifier.of(version(List.of())).logits(IMAGES))
        .isEqualTo(new Classifier(CLASSES, 10).logits(IMAGES));
  }

  @Test
  void anotherScaleIsATemperatureOfAllLogitsSoThatNoImageChangesItsClass() {
    Classifier classifier = new Classifier(CLASSES, 10, BIAS);
    float[] warm = classifier.withLogitScale(2.5f).logits(IMAGES).values();
    float[] logits = classifier.logits(IMAGES).values();
    for (int i = 0; i < logits.length; i++) {
      assertThat(warm[i]).isEqualTo(logits[i] / 4, within(1e-5f));
    }
    for (float scale : new float[] {.1f, 1, 400}) {
      assertThat(Scores.argmax(classifier.withLogitScale(scale).logits(IMAGES)))
          .containsExactly(Scores.argmax(classifier.logits(IMAGES)));
    }
  }

  @Test
  void aBiasOfAnotherLengthIsRefusedByBothNumbers() {
    assertThatThrownBy(() -> new Classifier(CLASSES, 10, new float[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a bias of 2 numbers for 3 classes");
    assertThatThrownBy(() -> Classifier.of(version(List.of(1f, 2f, 3f, 4f))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a bias of 4 numbers for 3 classes");
  }

  @Test
  void itIsFiniteOnlyIfItsBiasIs() {
    assertThat(new Classifier(CLASSES, 10, BIAS).isFinite()).isTrue();
    assertThat(new Classifier(CLASSES, 10, new float[] {0, Float.NaN, 0}).isFinite()).isFalse();
    assertThat(new Classifier(CLASSES, 10, new float[] {0, 0, Float.NEGATIVE_INFINITY}).isFinite())
        .isFalse();
  }

  private static PromptVersion version(List<Float> bias) {
    return PromptVersion.newBuilder()
        .setTask("t")
        .setVersion(1)
        .setDigest("00")
        .setModelId("pico@7")
        .setModality(Modality.TEXT)
        .setClasses(List.of("a", "b", "c"))
        .setTemplate("{}")
        .setClassFeatures(Tensors.encode(CLASSES))
        .setZeroShotFeatures(Tensors.encode(CLASSES))
        .setLogitScale(10)
        .setBias(bias)
        .setRound(1)
        .setCreatedAt(Instant.EPOCH)
        .build();
  }
}
