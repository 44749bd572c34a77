package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/**
 * Chooses pseudolabels: for each class the images that are most probably of it, exactly, whatever
 * the order in which the images came.
 *
 * <p>An image is a candidate for its most probable class only, so it carries at most one label. The
 * estimated prior decides how many images a class may take, and nothing else. It does not move the
 * most probable class: where the estimate is wrong, it would then choose wrong labels and confirm
 * itself in the next round, whereas a wrong cap only leaves images out. And it is a cap, never a
 * quota: a class with fewer candidates gets fewer pseudolabels. Methods that force balance collapse
 * on streams that show few classes at a time.
 */
public final class Selector {
  private Selector() {}

  /**
   * Takes at most {@code max(1, round(total * prior[c]))} images for each class {@code c}.
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
    List<List<Pseudolabel>> candidates = new ArrayList<>();
    for (int j = 0; j < c; j++) {
      candidates.add(new ArrayList<>());
    }
    int[] labels = Scores.argmax(probabilities);
    for (int i = 0; i < n; i++) {
      float confidence = probabilities.values()[i * c + labels[i]];
      candidates.get(labels[i]).add(new Pseudolabel(i, labels[i], confidence));
    }
    Comparator<Pseudolabel> best =
        Comparator.comparing(Pseudolabel::confidence, Comparator.reverseOrder())
            .thenComparing(pseudolabel -> keys.get(pseudolabel.sample()));
    List<Pseudolabel> selected = new ArrayList<>();
    for (int j = 0; j < c; j++) {
      candidates.get(j).stream().sorted(best).limit(cap(total, prior[j])).forEach(selected::add);
    }
    return List.copyOf(selected);
  }

  /** How many images a class with this share may take. */
  static int cap(int total, float share) {
    return total <= 0 ? 0 : (int) Math.max(1, Math.round((double) total * share));
  }
}
