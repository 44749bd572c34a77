package io.gripstream.refine.judge;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NeighborGraph;
import io.gripstream.refine.head.Scores;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The best labels of a pool with few of the classes, and the best with most of them.
 *
 * <p>A zero-shot prompt that never says some classes looks the same on two kinds of pool: on one
 * that shows all classes, where a pull towards equal shares mends it, and on one that shows a few,
 * where the same pull cuts their clusters in pieces. The marginals cannot tell the two apart, but
 * the images can: class after class is given up, each time the one without which the labels fit the
 * {@link NeighborGraph} best, and the classes that are left are balanced again. Where a pool shows
 * few classes, the labels fit best when few are left.
 *
 * <p>The graph tells which images belong together, and not what they are called: of two classes
 * that are much alike the wrong one may be given up. So few classes count as shown only where
 * zero-shot itself, whatever it says too often, calls most of each group by the group's name.
 *
 * @param few {@code [N]}, the labels that fit best with at most two thirds of the classes
 * @param most {@code [N]}, those with more; the same array where there are too few classes to tell
 * @param shown the classes that are shown, rising: the few where it is clearly few, otherwise all
 * @param bias {@code [C]}, in nats: how to balance zero-shot's logits where clearly few classes are
 *     shown; empty elsewhere
 */
record FewClasses(int[] few, int[] most, int[] shown, Optional<float[]> bias) {
  /** Of a pool without images. */
  static final FewClasses NONE =
      new FewClasses(new int[0], new int[0], new int[0], Optional.empty());

  private static final int FEWEST = 2;

  /**
   * By how much labels with few classes must fit better than those with most, to count as shown,
   * times the root of the number of images, with which noise falls: 0.05 by 1,000 images.
   */
  private static final double CLEARLY = 1.6;

  /**
   * Images that each class is said of which is not shown. Of classes that come later 39 % are named
   * right then; 30 % with one image, 51 % with ten, which take a fifth of the gain.
   */
  private static final double OTHERS = 3;

  /** The share of the images that may be in groups which zero-shot calls by another name. */
  private static final double MISNAMED = 0.02;

  /**
   * Fewer images may be a phase of a stream whose classes come one after another: a prompt for the
   * few of them is worse than zero-shot by 15 points once others come.
   */
  private static final int LEAST_IMAGES = 500;

  /** Classes given up at a time, of those that are left, and one at least. */
  private static final double AT_A_TIME = 0.1;

  /**
   * @param logits {@code [N, C]}, what is thought of the view's images
   * @param labels {@code [N]}, what people labelled, and -1: a class that they named is shown
   */
  static FewClasses of(FloatTensor logits, PoolView view, int[] labels) {
    int classes = logits.columns();
    int[] all = IntStream.range(0, classes).toArray();
    int[] kept = all;
    int[] keptFew = kept;
    int[] few = null;
    int[] most = null;
    double bestFew = Double.NEGATIVE_INFINITY;
    double bestMost = Double.NEGATIVE_INFINITY;
    while (kept.length >= FEWEST) {
      FloatTensor left = Scores.columns(logits, kept);
      float[] bias = ClassBalance.pulled(left, view.graph());
      int[] found = named(ClassBalance.labels(left, bias), kept);
      double structure = view.graph().fit(found, classes).structure();
      if (3 * kept.length > 2 * classes) {
        if (structure > bestMost) {
          bestMost = structure;
          most = found;
        }
      } else if (structure > bestFew) {
        bestFew = structure;
        few = found;
        keptFew = kept;
      }
      kept = withoutTheLeastMissed(kept, ClassBalance.without(left, view.graph(), bias));
    }
    int[] any = most == null ? new int[logits.rows()] : most;
    if (few == null) {
      return new FewClasses(any, any, all, Optional.empty());
    }
    boolean shown =
        few.length >= LEAST_IMAGES
            && bestFew - bestMost >= CLEARLY / Math.sqrt(few.length)
            && misnamed(few, Scores.argmax(view.logits()), classes) <= MISNAMED
            && !contradicts(labels, keptFew);
    return shown
        ? new FewClasses(few, any, keptFew, Optional.of(bias(view, keptFew)))
        : new FewClasses(few, any, all, Optional.empty());
  }

  /** The share of the images whose group zero-shot mostly calls by another name. */
  private static double misnamed(int[] labels, int[] zeroShot, int classes) {
    int[][] counts = new int[classes][classes];
    for (int i = 0; i < labels.length; i++) {
      counts[labels[i]][zeroShot[i]]++;
    }
    int images = 0;
    for (int j = 0; j < classes; j++) {
      if (Arrays.stream(counts[j]).max().orElse(0) > counts[j][j]) {
        images += Arrays.stream(counts[j]).sum();
      }
    }
    return (double) images / labels.length;
  }

  private static boolean contradicts(int[] labels, int[] kept) {
    return Arrays.stream(labels)
        .filter(label -> label != Metrics.UNKNOWN)
        .anyMatch(label -> Arrays.stream(kept).noneMatch(j -> j == label));
  }

  /**
   * Balances the classes that are left as far as the images bear it out. Each of the others is said
   * of a few images, so that it is still found when it comes.
   */
  private static float[] bias(PoolView view, int[] kept) {
    FloatTensor left = Scores.columns(view.logits(), kept);
    FloatTensor balanced = ClassBalance.added(left, ClassBalance.pulled(left, view.graph()));
    double[] mean = Metrics.meanPrediction(Scores.softmax(balanced));
    double others = OTHERS / left.rows();
    double[] shares = new double[view.logits().columns()];
    Arrays.fill(shares, others);
    for (int k = 0; k < kept.length; k++) {
      shares[kept[k]] = Math.max(others, mean[k]);
    }
    double sum = Arrays.stream(shares).sum();
    return ClassBalance.towards(
        view.logits(), Arrays.stream(shares).map(share -> share / sum).toArray());
  }

  /**
   * @param structure {@code [K]}, what is left of it without each class
   */
  private static int[] withoutTheLeastMissed(int[] kept, double[] structure) {
    int leaving = Math.max(1, (int) (AT_A_TIME * kept.length));
    return IntStream.range(0, kept.length)
        .boxed()
        .sorted((a, b) -> Double.compare(structure[b], structure[a]))
        .skip(leaving)
        .sorted()
        .mapToInt(k -> kept[k])
        .toArray();
  }

  private static int[] named(int[] labels, int[] kept) {
    return Arrays.stream(labels).map(label -> kept[label]).toArray();
  }
}
