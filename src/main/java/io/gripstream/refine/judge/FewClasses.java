package io.gripstream.refine.judge;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.NeighborGraph;
import java.util.Arrays;
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
 * @param few {@code [N]}, the labels that fit best with at most two thirds of the classes
 * @param most {@code [N]}, those with more; the same array where there are too few classes to tell
 */
record FewClasses(int[] few, int[] most) {
  private static final int FEWEST = 2;

  /** Classes given up at a time, of those that are left, and one at least. */
  private static final double AT_A_TIME = 0.1;

  /**
   * @param logits {@code [N, C]}, of the graph's images
   */
  static FewClasses of(FloatTensor logits, NeighborGraph graph) {
    int classes = logits.columns();
    int[] kept = IntStream.range(0, classes).toArray();
    int[] few = null;
    int[] most = null;
    double bestFew = Double.NEGATIVE_INFINITY;
    double bestMost = Double.NEGATIVE_INFINITY;
    while (kept.length >= FEWEST) {
      FloatTensor left = columns(logits, kept);
      float[] bias = ClassBalance.pulled(left, graph);
      int[] labels = named(ClassBalance.labels(left, bias), kept);
      double structure = graph.fit(labels, classes).structure();
      if (3 * kept.length > 2 * classes) {
        if (structure > bestMost) {
          bestMost = structure;
          most = labels;
        }
      } else if (structure > bestFew) {
        bestFew = structure;
        few = labels;
      }
      kept = withoutTheLeastMissed(kept, ClassBalance.without(left, graph, bias));
    }
    int[] any = most == null ? new int[logits.rows()] : most;
    return new FewClasses(few == null ? any : few, any);
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

  private static FloatTensor columns(FloatTensor logits, int[] kept) {
    float[] values = new float[logits.rows() * kept.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = logits.values()[i / kept.length * logits.columns() + kept[i % kept.length]];
    }
    return FloatTensor.matrix(logits.rows(), kept.length, values);
  }

  private static int[] named(int[] labels, int[] kept) {
    return Arrays.stream(labels).map(label -> kept[label]).toArray();
  }
}
