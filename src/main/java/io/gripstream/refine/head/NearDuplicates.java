package io.gripstream.refine.head;

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
 * apart, whatever their likeness.
 */
public final class NearDuplicates {
  private NearDuplicates() {}

  /**
   * One image of each group, and all that people labelled. A component is a group when it has less
   * than half as many images as a class has on average; when there are more than two components a
   * class, each is one that does not hold half of the images.
   *
   * @param classes how many there may be, {@code C}
   * @param labels {@code [N]}, what people labelled, and -1
   * @return the rows that are left, rising
   */
  public static int[] without(NeighborGraph graph, int classes, int[] labels) {
    int n = labels.length;
    int[] clump = graph.clumps();
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
            i ->
                2 * size[clump[i]] >= images
                    || (labelled[clump[i]] ? labels[i] != Metrics.UNKNOWN : clump[i] == i))
        .toArray();
  }
}
