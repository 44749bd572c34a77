package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Images that say the same thing again: frames of one scene, or copies that differ a little.
 *
 * <p>Whoever judges labels by the images' neighbors, or by clusters, takes images to be
 * independent. Where each has a dozen near-duplicates, all its neighbors are these; any labels that
 * are alike within each dozen fit the {@link NeighborGraph} then, and a pull towards equal shares
 * of the classes looks right where it is wrong by tens of points. So a pool counts each such group
 * once.
 *
 * <p>No threshold of likeness tells them: what is a near-duplicate to one model is a class to
 * another. Joined to their two nearest alone, independent images hang together (at most eight
 * components in pools of 100 to 1,000 images of twenty sets), and groups of three and more fall
 * apart, whatever their likeness. Pairs fall apart, too, but three or four at a time, and with
 * images that are near to them. So where images fall apart, what is near to itself alone is a group
 * and one of it is left; elsewhere one of two that are each other's nearest; and so on, until the
 * rest hangs together.
 */
public final class NearDuplicates {
  /**
   * The share of its images' nearest that a group has within itself. Strings of pairs have half.
   */
  private static final double WITHIN = 0.8;

  private NearDuplicates() {}

  /**
   * What is left of a pool.
   *
   * @param rows of the pool's images, rising: one of each group, and all that people labelled
   * @param graph of these images
   */
  public record Distinct(int[] rows, NeighborGraph graph) {}

  /**
   * @param features {@code [N, D]}, rows of unit length
   * @param classes how many there may be, {@code C}
   * @param labels {@code [N]}, what people labelled, and -1
   */
  public static Distinct without(FloatTensor features, int classes, int[] labels) {
    int[] rows = IntStream.range(0, labels.length).toArray();
    while (true) {
      NeighborGraph graph = NeighborGraph.of(Rows.of(features, rows));
      int[] left = fewer(graph, classes, Arrays.stream(rows).map(i -> labels[i]).toArray());
      if (left.length == rows.length) {
        return new Distinct(rows, graph);
      }
      int[] before = rows;
      rows = Arrays.stream(left).map(i -> before[i]).toArray();
    }
  }

  /**
   * A component has fallen off when it has less than half as many images as a class has on average;
   * when there are more than two components a class, each has that does not hold half of the
   * images. What people labelled stands for the rest.
   */
  private static int[] fewer(NeighborGraph graph, int classes, int[] labels) {
    int n = labels.length;
    int[] clump = graph.clumps();
    double[] within = graph.within(clump);
    int[] size = new int[n];
    boolean[] labelled = new boolean[n];
    int clumps = 0;
    for (int i = 0; i < n; i++) {
      clumps += clump[i] == i ? 1 : 0;
      size[clump[i]]++;
      labelled[clump[i]] |= labels[i] != Metrics.UNKNOWN;
    }
    int images = clumps > 2 * classes ? n : n / classes;
    return IntStream.range(0, n)
        .filter(
            i -> {
              int c = clump[i];
              int twin = graph.twin(i);
              boolean repeats =
                  within[c] >= WITHIN
                      ? labelled[c] || i != c
                      : twin != i && (twin < i || labels[twin] != Metrics.UNKNOWN);
              return labels[i] != Metrics.UNKNOWN || 2 * size[c] >= images || !repeats;
            })
        .toArray();
  }
}
