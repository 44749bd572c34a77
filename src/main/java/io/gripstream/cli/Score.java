package io.gripstream.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one prompt version made of images whose truth is known, class by class. Not thread-safe. */
final class Score {
  private final Map<String, Count> byClass = new LinkedHashMap<>();

  /** Images of one class, and how many of them were labelled right. */
  private static final class Count {
    private long images;
    private long zeroShot;
    private long live;
    private long abstained;
  }

  Score(List<String> classes) {
    classes.forEach(name -> byClass.put(name, new Count()));
  }

  /**
   * @param live null: the live prompt gave no label
   */
  void add(String truth, String zeroShot, String live) {
    Count count = byClass.computeIfAbsent(truth, name -> new Count());
    count.images++;
    count.zeroShot += truth.equals(zeroShot) ? 1 : 0;
    count.live += truth.equals(live) ? 1 : 0;
    count.abstained += live == null ? 1 : 0;
  }

  long images() {
    return byClass.values().stream().mapToLong(count -> count.images).sum();
  }

  /** Images that the live prompt gave no label; they count as wrong. */
  long abstained() {
    return byClass.values().stream().mapToLong(count -> count.abstained).sum();
  }

  Accuracy total() {
    return new Accuracy(
        images(),
        byClass.values().stream().mapToLong(count -> count.zeroShot).sum(),
        byClass.values().stream().mapToLong(count -> count.live).sum());
  }

  Map<String, Accuracy> perClass() {
    Map<String, Accuracy> accuracies = new LinkedHashMap<>();
    byClass.forEach(
        (name, count) ->
            accuracies.put(name, new Accuracy(count.images, count.zeroShot, count.live)));
    return accuracies;
  }

  /**
   * Shares of the same images that two prompts labelled right.
   *
   * @param images how many
   * @param zeroShot of the zero-shot prompt, from 0 to 1; null without images
   * @param live of the prompt that was live, from 0 to 1; null without images
   */
  record Accuracy(long images, Double zeroShot, Double live) {
    private Accuracy(long images, long zeroShot, long live) {
      this(images, share(zeroShot, images), share(live, images));
    }

    private static Double share(long right, long images) {
      return images == 0 ? null : (double) right / images;
    }
  }
}
