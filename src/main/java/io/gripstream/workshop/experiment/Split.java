package io.gripstream.workshop.experiment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Which images train and which judge. No bytes lie on both sides, whatever their files are called
 * and whatever the data set's own folders say: an image that is also a test image does not train.
 *
 * @param pool in order of their paths
 * @param test in order of their paths
 * @param repeated how many training images were left out because their bytes are a test image's
 */
record Split(List<Picture> pool, List<Picture> test, int repeated) {
  private static final double TEST_SHARE = 0.2;

  /** Different draws of one seed must not go hand in hand. */
  private static final long SPLITTING = 1;

  private static final long TESTING = 2;
  private static final long POOLING = 3;

  /**
   * @param pool how many training images are drawn
   * @param test how many test images are drawn; 0: all
   */
  static Split of(DataSet data, int pool, int test, long seed) {
    return of(data, pool, test, seed, ClassMix.UNIFORM);
  }

  /**
   * @param mix of the pool and of the test images: the same, as a stream would show both. Images
   *     are left out, never repeated, until the shares are right: a pool of rare classes may become
   *     much smaller than was asked for
   */
  static Split of(DataSet data, int pool, int test, long seed, ClassMix mix) {
    List<Picture> training = data.training();
    List<Picture> judges = data.test();
    if (!data.hasSplits()) {
      Set<String> chosen = testDigests(data, random(seed, SPLITTING));
      judges = training.stream().filter(p -> chosen.contains(p.sha256())).toList();
    }
    Set<String> digests = new HashSet<>();
    judges.forEach(picture -> digests.add(picture.sha256()));
    List<Picture> rest = training.stream().filter(p -> !digests.contains(p.sha256())).toList();
    double[] shares = mix.shares(data.classes().size(), seed);
    return new Split(
        drawn(rest, pool, shares, random(seed, POOLING)),
        drawn(judges, test == 0 ? judges.size() : test, shares, random(seed, TESTING)),
        data.hasSplits() ? training.size() - rest.size() : 0);
  }

  /** A fifth of each class, by bytes: files that are alike go to one side together. */
  private static Set<String> testDigests(DataSet data, Random random) {
    Map<String, Integer> classes = new LinkedHashMap<>();
    data.training().forEach(picture -> classes.putIfAbsent(picture.sha256(), picture.label()));
    Map<Integer, List<String>> byClass = new HashMap<>();
    classes.forEach(
        (digest, label) -> byClass.computeIfAbsent(label, l -> new ArrayList<>()).add(digest));
    Set<String> chosen = new HashSet<>();
    for (int label = 0; label < data.classes().size(); label++) {
      List<String> digests = byClass.getOrDefault(label, List.of());
      chosen.addAll(draw(digests, (int) Math.round(digests.size() * TEST_SHARE), random));
    }
    return chosen;
  }

  /**
   * Draws without replacement, each class by its share.
   *
   * @param shares {@code [C]}; null: from all images alike
   */
  static List<Picture> drawn(List<Picture> from, int count, double[] shares, Random random) {
    if (shares == null) {
      return draw(from, count, random);
    }
    int[] available = new int[shares.length];
    from.forEach(picture -> available[picture.label()]++);
    double size = Math.min(count, from.size());
    for (int j = 0; j < shares.length; j++) {
      if (shares[j] > 0) {
        size = Math.min(size, available[j] / shares[j]);
      }
    }
    int[] left = new int[shares.length];
    for (int j = 0; j < shares.length; j++) {
      left[j] = (int) Math.min(available[j], Math.round(size * shares[j]));
    }
    List<Integer> chosen = new ArrayList<>();
    for (int i : order(from.size(), random)) {
      if (left[from.get(i).label()]-- > 0) {
        chosen.add(i);
      }
    }
    return chosen.stream().sorted().map(from::get).toList();
  }

  /** Draws without replacement; what is drawn stays in order. */
  private static <T> List<T> draw(List<T> from, int count, Random random) {
    List<T> all = new ArrayList<>(from);
    List<Integer> order = order(all.size(), random);
    return order.subList(0, Math.min(count, all.size())).stream()
        .sorted(Comparator.naturalOrder())
        .map(all::get)
        .toList();
  }

  /** The numbers below {@code size} in an order that the generator decides. */
  static List<Integer> order(int size, Random random) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      order.add(i);
    }
    java.util.Collections.shuffle(order, random);
    return order;
  }

  /** A generator for one purpose: the first outputs of neighbouring seeds are alike. */
  static Random random(long seed, long purpose) {
    return new Random(seed * 1_000_003 + purpose * 7_368_787);
  }
}
