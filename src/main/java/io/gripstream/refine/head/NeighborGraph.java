package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which images of a pool lie next to each other: each image's nearest neighbors by cosine, both
 * ways, with the cosine cubed as an edge's weight.
 *
 * <p>It is what labels are held against that nobody gave: classes that are real lie together,
 * whatever they are called. Every figure is of the graph alone; no prompt has a say in it.
 */
public final class NeighborGraph {
  static final int NEIGHBORS = 10;

  /** Independent images that are joined to two each hang together; bursts of images fall apart. */
  private static final int CLOSEST = 2;

  private static final double ALPHA = 0.9;
  private static final int ITERATIONS = 25;

  /** Rows whose cosines are at hand at a time. */
  private static final int BLOCK = 64;

  private static final double TINY = 1e-12;

  private final int size;

  /** Edges in compressed rows: those of image {@code i} are from {@code first[i]} on. */
  private final int[] first;

  private final int[] neighbor;
  private final double[] weight;
  private final double[] degree;

  /** Each image's nearest, falling. */
  private final int[][] nearest;

  private NeighborGraph(int[] first, int[] neighbor, double[] weight, int[][] nearest) {
    this.size = first.length - 1;
    this.nearest = nearest;
    this.first = first;
    this.neighbor = neighbor;
    this.weight = weight;
    this.degree = new double[size];
    for (int i = 0; i < size; i++) {
      for (int e = first[i]; e < first[i + 1]; e++) {
        degree[i] += weight[e];
      }
    }
  }

  /**
   * @param features {@code [N, D]}, rows of unit length
   */
  public static NeighborGraph of(FloatTensor features) {
    int n = features.rows();
    int k = Math.max(0, Math.min(NEIGHBORS, n - 1));
    int[][] nearest = new int[n][];
    double[][] cosines = new double[n][];
    float[] columns = transposed(features);
    IntStream.range(0, (n + BLOCK - 1) / BLOCK)
        .parallel()
        .forEach(
            block -> {
              float[] row = new float[n];
              for (int i = block * BLOCK; i < Math.min(n, (block + 1) * BLOCK); i++) {
                cosines(features, columns, i, row);
                row[i] = Float.NEGATIVE_INFINITY;
                nearest[i] = largest(row, k);
                cosines[i] = new double[k];
                for (int e = 0; e < k; e++) {
                  cosines[i][e] = row[nearest[i][e]];
                }
              }
            });
    return symmetric(nearest, cosines);
  }

  /**
   * The inner loops run over images without a reduction: they become vector instructions. Four
   * columns at a time need a fourth of the stores, and add up in the same order.
   */
  private static void cosines(FloatTensor features, float[] columns, int image, float[] row) {
    int n = features.rows();
    int d = features.columns();
    Arrays.fill(row, 0);
    float[] values = features.values();
    int k = 0;
    for (; k + 4 <= d; k += 4) {
      float v0 = values[image * d + k];
      float v1 = values[image * d + k + 1];
      float v2 = values[image * d + k + 2];
      float v3 = values[image * d + k + 3];
      int from = k * n;
      for (int j = 0; j < n; j++) {
        row[j] =
            row[j]
                + v0 * columns[from + j]
                + v1 * columns[from + n + j]
                + v2 * columns[from + 2 * n + j]
                + v3 * columns[from + 3 * n + j];
      }
    }
    for (; k < d; k++) {
      for (int j = 0; j < n; j++) {
        row[j] += values[image * d + k] * columns[k * n + j];
      }
    }
  }

  private static float[] transposed(FloatTensor features) {
    int n = features.rows();
    int d = features.columns();
    float[] columns = new float[n * d];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < d; k++) {
        columns[k * n + i] = features.values()[i * d + k];
      }
    }
    return columns;
  }

  /** The indices of the {@code k} largest values, falling; of equals the earlier one. */
  private static int[] largest(float[] values, int k) {
    int[] best = new int[k];
    int found = 0;
    for (int j = 0; j < values.length; j++) {
      if (found < k || (k > 0 && values[j] > values[best[k - 1]])) {
        int place = Math.min(found, k - 1);
        while (place > 0 && values[j] > values[best[place - 1]]) {
          best[place] = best[place - 1];
          place--;
        }
        best[place] = j;
        found = Math.min(found + 1, k);
      }
    }
    return best;
  }

  /** An edge is there if either end has it among its nearest. */
  private static NeighborGraph symmetric(int[][] nearest, double[][] cosines) {
    int n = nearest.length;
    int[] counts = new int[n + 1];
    for (int i = 0; i < n; i++) {
      for (int j : nearest[i]) {
        counts[i + 1]++;
        if (!contains(nearest[j], i)) {
          counts[j + 1]++;
        }
      }
    }
    for (int i = 0; i < n; i++) {
      counts[i + 1] += counts[i];
    }
    int[] first = counts.clone();
    int[] at = Arrays.copyOf(counts, n);
    int[] neighbor = new int[counts[n]];
    double[] weight = new double[counts[n]];
    for (int i = 0; i < n; i++) {
      for (int e = 0; e < nearest[i].length; e++) {
        int j = nearest[i][e];
        double w = Math.pow(Math.max(0, cosines[i][e]), 3);
        neighbor[at[i]] = j;
        weight[at[i]++] = w;
        if (!contains(nearest[j], i)) {
          neighbor[at[j]] = i;
          weight[at[j]++] = w;
        }
      }
    }
    return new NeighborGraph(first, neighbor, weight, nearest);
  }

  private static int root(int[] clump, int image) {
    int root = image;
    while (clump[root] != root) {
      root = clump[root];
    }
    return root;
  }

  private static boolean contains(int[] values, int value) {
    for (int each : values) {
      if (each == value) {
        return true;
      }
    }
    return false;
  }

  /**
   * Which images hang together when each is joined to its two nearest alone: {@code [N]}, the first
   * image of each one's component. Of independent images nearly all hang together; frames of a
   * film, or copies that differ a little, hang together among themselves alone.
   */
  int[] clumps() {
    int[] clump = IntStream.range(0, size).toArray();
    for (int i = 0; i < size; i++) {
      for (int e = 0; e < Math.min(CLOSEST, nearest[i].length); e++) {
        int one = root(clump, i);
        int other = root(clump, nearest[i][e]);
        clump[Math.max(one, other)] = Math.min(one, other);
      }
    }
    for (int i = 0; i < size; i++) {
      clump[i] = root(clump, i);
    }
    return clump;
  }

  /**
   * How much components keep to themselves.
   *
   * @param clump {@code [N]}, the first image of each one's component
   * @return {@code [N]}, for the first image of each: the share of its images' nearest that are in
   *     it, of as many as could be; 0 for the others
   */
  double[] within(int[] clump) {
    int[] sizes = new int[size];
    for (int c : clump) {
      sizes[c]++;
    }
    double[] within = new double[size];
    for (int i = 0; i < size; i++) {
      int others = Math.min(sizes[clump[i]] - 1, nearest[i].length);
      for (int e = 0; e < others; e++) {
        within[clump[i]] += clump[nearest[i][e]] == clump[i] ? 1.0 / others / sizes[clump[i]] : 0;
      }
    }
    return within;
  }

  /** The other image where each is the other's nearest; itself where it has no such. */
  int twin(int image) {
    if (nearest[image].length == 0) {
      return image;
    }
    int other = nearest[image][0];
    return nearest[other][0] == image ? other : image;
  }

  /** The number of images {@code N}. */
  int size() {
    return size;
  }

  /**
   * What an image's neighborhood says that it is (label propagation: Zhou et al., "Learning with
   * Local and Global Consistency", NIPS 2003): labels spread along the edges.
   *
   * @param labels {@code [N]}, from 0 to {@code classes - 1}
   * @return {@code [N, C]}, rows that sum to 1
   */
  public FloatTensor propagated(int[] labels, int classes) {
    double[] root = new double[size];
    for (int i = 0; i < size; i++) {
      root[i] = 1 / Math.sqrt(degree[i] + TINY);
    }
    double[] now = new double[size * classes];
    for (int i = 0; i < size; i++) {
      now[i * classes + labels[i]] = 1;
    }
    for (int t = 0; t < ITERATIONS; t++) {
      double[] next = new double[now.length];
      for (int i = 0; i < size; i++) {
        for (int e = first[i]; e < first[i + 1]; e++) {
          double w = ALPHA * root[i] * weight[e] * root[neighbor[e]];
          int from = neighbor[e] * classes;
          for (int j = 0; j < classes; j++) {
            next[i * classes + j] += w * now[from + j];
          }
        }
        next[i * classes + labels[i]] += 1 - ALPHA;
      }
      now = next;
    }
    float[] values = new float[now.length];
    for (int i = 0; i < size; i++) {
      double sum = TINY;
      for (int j = 0; j < classes; j++) {
        sum += now[i * classes + j];
      }
      for (int j = 0; j < classes; j++) {
        values[i * classes + j] = (float) (now[i * classes + j] / sum);
      }
    }
    return FloatTensor.matrix(size, classes, values);
  }

  /**
   * How well labels fit the graph.
   *
   * @param modularity the share of edge weight within classes, less what it would be if the same
   *     degrees were joined at random (Newman and Girvan, Phys. Rev. E 69, 2004): cutting through a
   *     cluster costs, the more classes or not
   * @param information the mutual information of the labels at an edge's two ends, in nats, less
   *     its bias for few edges (Miller and Madow, 1955): giving up a class that is there costs
   * @param entropy of the labels, each image counting as much as its edges weigh, in nats
   */
  public record Fit(double modularity, double information, double entropy) {
    /** Between information, which likes many classes, and information per entropy, few. */
    private static final double ENTROPY_SHARE = 0.5;

    private static final double LEAST = 1e-3;

    /**
     * The logarithm of the information over the root of the entropy: what {@link ClassBalance}
     * raises.
     */
    public double structure() {
      return Math.log(Math.max(information, LEAST))
          - ENTROPY_SHARE * Math.log(Math.max(entropy, LEAST));
    }

    /** The share of a label's entropy that a neighbor's label tells: 0 of labels at random. */
    public double told() {
      return information / Math.max(entropy, LEAST);
    }
  }

  /**
   * @param labels {@code [N]}, -1 for images that do not count, with their edges
   */
  public Fit fit(int[] labels, int classes) {
    double[] joint = new double[classes * classes];
    double total = 0;
    int edges = 0;
    for (int i = 0; i < size; i++) {
      for (int e = first[i]; labels[i] >= 0 && e < first[i + 1]; e++) {
        if (labels[neighbor[e]] >= 0) {
          joint[labels[i] * classes + labels[neighbor[e]]] += weight[e];
          total += weight[e];
          edges++;
        }
      }
    }
    double[] shares = new double[classes];
    for (int cell = 0; cell < joint.length; cell++) {
      joint[cell] /= Math.max(total, TINY);
      shares[cell / classes] += joint[cell];
    }
    double modularity = 0;
    double information = 0;
    double entropy = 0;
    int cells = 0;
    int present = 0;
    for (int a = 0; a < classes; a++) {
      if (shares[a] > 0) {
        present++;
        entropy -= shares[a] * Math.log(shares[a]);
        modularity += joint[a * classes + a] - shares[a] * shares[a];
      }
      for (int b = 0; b < classes; b++) {
        double p = joint[a * classes + b];
        if (p > 0) {
          cells++;
          information += p * Math.log(p / (shares[a] * shares[b]));
        }
      }
    }
    double surplus = (cells - 2.0 * present + 1) / Math.max(1, edges);
    return new Fit(modularity, information - surplus, entropy);
  }
}
