package io.gripstream.refine.select;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassPrior;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/**
 * Chooses pseudolabels: for each class the images that are most probably of it, exactly, whatever
 * the order in which the images came.
 *
 * <p>Every class looks at all images, not only at those of which it is the most probable class:
 * that is what lifts the poor classes, which a prompt hardly ever ranks first. Yet an image carries
 * one label at most. Where two classes want it, the one that is surer of it has it, and a class
 * takes no image that it finds less probable than chance.
 *
 * <p>The share of each class bounds how many images it takes. It is a cap, never a quota: a class
 * with fewer candidates gets fewer pseudolabels. Methods that force balance collapse on streams
 * that show few classes at a time.
 */
public final class Selector {
  private Selector() {}

  /**
   * Takes at most {@code max(1, round(total * prior[c]))} images for each class {@code c} of a
   * prior above 0, and none for the others.
   *
   * @param probabilities {@code [N, C]}, of the prompt that labels
   * @param prior {@code [C]}, the share of each class, as {@link ClassPrior} estimates it
   * @param total how many pseudolabels there shall be at most, but for rounding
   * @param keys {@code [N]}, the image ids, no two alike; the lesser one wins a tie
   * @return in order of class, then of falling confidence, then of key
   * @throws IllegalArgumentException when the sizes do not fit together, a probability is not a
   *     number or a key comes twice
   */
  public static List<Pseudolabel> select(
      FloatTensor probabilities, float[] prior, int total, List<String> keys) {
    int n = probabilities.shape()[0];
    int c = probabilities.shape()[1];
    if (prior.length != c || keys.size() != n) {
      throw new IllegalArgumentException(
          "%d shares and %d keys for %s".formatted(prior.length, keys.size(), probabilities));
    }
    if (new HashSet<>(keys).size() != n) {
      throw new IllegalArgumentException("a key comes twice");
    }
    float[] p = probabilities.values();
    List<Pseudolabel> wishes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < c; j++) {
        float confidence = p[i * c + j];
        if (Float.isNaN(confidence)) {
          throw new IllegalArgumentException("image " + i + ", class " + j + ": not a number");
        }
        if (confidence * c >= 1) {
          wishes.add(new Pseudolabel(i, j, confidence));
        }
      }
    }
    wishes.sort(
        Comparator.comparing(Pseudolabel::confidence, Comparator.reverseOrder())
            .thenComparing(wish -> keys.get(wish.sample()))
            .thenComparing(Pseudolabel::label));
    int[] room = new int[c];
    for (int j = 0; j < c; j++) {
      room[j] = cap(total, prior[j]);
    }
    boolean[] taken = new boolean[n];
    List<Pseudolabel> selected = new ArrayList<>();
    for (Pseudolabel wish : wishes) {
      if (!taken[wish.sample()] && room[wish.label()] > 0) {
        taken[wish.sample()] = true;
        room[wish.label()]--;
        selected.add(wish);
      }
    }
    selected.sort(Comparator.comparing(Pseudolabel::label));
    return List.copyOf(selected);
  }

  /** How many images a class with this share may take. */
  static int cap(int total, float share) {
    return total <= 0 || share <= 0 ? 0 : (int) Math.max(1, Math.round((double) total * share));
  }
}
