package io.gripstream.refine.train;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.Paradigm;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Rows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A batch's samples as numbers, and what each is for.
 *
 * @param keys {@code [N]}, the image ids
 * @param features {@code [N, D]}, without a visual prompt, of unit length
 * @param labels {@code [N]}, human labels by class, -1 where there is none
 * @param uses {@code [N]}
 */
public record RoundData(List<String> keys, FloatTensor features, int[] labels, List<Use> uses) {
  /** Marks the split between training and validation, which has nothing to do with the judges'. */
  private static final String VALIDATION = "/validation";

  /** What an image is for, for good: images that judge candidates decide nothing in training. */
  public enum Use {
    TRAINS,
    VALIDATES,
    JUDGES
  }

  /**
   * @param samples those of the batch that can be used
   * @param paradigm of the round: under UL a human label makes no difference to what is trained
   * @param featureSize {@code D}
   * @throws IllegalArgumentException when a feature has another length
   */
  public static RoundData of(
      RoundBatch batch, List<BatchSample> samples, Paradigm paradigm, int featureSize) {
    float[] features = new float[samples.size() * featureSize];
    List<String> keys = new ArrayList<>();
    int[] labels = new int[samples.size()];
    for (int i = 0; i < labels.length; i++) {
      BatchSample sample = samples.get(i);
      float[] feature = Float16.decode(sample.getFeature());
      if (feature.length != featureSize) {
        throw new IllegalArgumentException(
            "image %s has a feature of %d numbers, not %d"
                .formatted(sample.getImageId(), feature.length, featureSize));
      }
      System.arraycopy(feature, 0, features, i * featureSize, featureSize);
      keys.add(sample.getImageId());
      // A label that is none of the classes is -1: the definition may have changed since.
      labels[i] =
          sample.getLabel() == null
              ? Metrics.UNKNOWN
              : batch.definition().getClasses().indexOf(sample.getLabel());
    }
    List<Use> uses = uses(batch, keys, labels, paradigm);
    return new RoundData(
        keys, FloatTensor.matrix(labels.length, featureSize, features), labels, uses);
  }

  private static List<Use> uses(
      RoundBatch batch, List<String> keys, int[] labels, Paradigm paradigm) {
    double heldOut = batch.definition().getGate().getHeldOutShare();
    double validation = batch.definition().getTraining().getValidationShare();
    List<Use> uses = new ArrayList<>();
    for (String key : keys) {
      uses.add(
          HeldOut.contains(batch.task(), key, heldOut)
              ? Use.JUDGES
              : HeldOut.contains(batch.task() + VALIDATION, key, validation)
                  ? Use.VALIDATES
                  : Use.TRAINS);
    }
    if (paradigm != Paradigm.UL) {
      // A class's few labels all train; of many, a share validates.
      for (int j = 0; j < batch.definition().getClasses().size(); j++) {
        int label = j;
        int[] own =
            IntStream.range(0, labels.length)
                .filter(i -> labels[i] == label && uses.get(i) != Use.JUDGES)
                .boxed()
                .sorted(
                    Comparator.comparingDouble(
                        i -> HeldOut.fraction(batch.task() + VALIDATION, keys.get(i))))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int k = 0; k < own.length; k++) {
          uses.set(own[k], k < (int) (validation * own.length) ? Use.VALIDATES : Use.TRAINS);
        }
      }
    }
    return List.copyOf(uses);
  }

  public int size() {
    return keys.size();
  }

  /** Some of the samples, what each is for unchanged. */
  public RoundData only(int[] rows) {
    return new RoundData(
        Rows.of(keys, rows),
        Rows.of(features, rows),
        Arrays.stream(rows).map(i -> labels[i]).toArray(),
        Rows.of(uses, rows));
  }

  /** The rows of a use. */
  public int[] rows(Use use) {
    return rows(i -> uses.get(i) == use);
  }

  /** The rows of a use with, or without, a human label. */
  public int[] rows(Use use, boolean labelled) {
    return rows(i -> uses.get(i) == use && (labels[i] != Metrics.UNKNOWN) == labelled);
  }

  /** {@code [N]}, the labels of images that do not judge; -1 for all others. */
  public int[] trainingLabels() {
    return IntStream.range(0, size())
        .map(i -> uses.get(i) == Use.JUDGES ? Metrics.UNKNOWN : labels[i])
        .toArray();
  }

  /** {@code [N]}, the labels that may train; none under UL, where they only evaluate. */
  public int[] trainingLabels(Paradigm paradigm) {
    int[] training = trainingLabels();
    if (paradigm == Paradigm.UL) {
      Arrays.fill(training, Metrics.UNKNOWN);
    }
    return training;
  }

  /** {@code [N]}, which samples judge. */
  public boolean[] heldOut() {
    boolean[] judges = new boolean[size()];
    for (int i = 0; i < judges.length; i++) {
      judges[i] = uses.get(i) == Use.JUDGES;
    }
    return judges;
  }

  private int[] rows(IntPredicate wanted) {
    return IntStream.range(0, size()).filter(wanted).toArray();
  }
}
