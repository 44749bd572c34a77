package io.gripstream.workshop.experiment;

import io.gripstream.files.ImageFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A data set as a stream of parts. All of its images are drawn from, those of its test, too: each
 * is judged when it comes, before anything could have learned from it. Where a class has too few
 * images for its share, they come again in the same order.
 */
public final class PartStream {
  private static final long DRAWING = 7;

  private PartStream() {}

  /** Hears how many of the images at hand were encoded. */
  @FunctionalInterface
  public interface Encoding {
    void at(int done, int total);
  }

  /** An image that is due, before its feature is known. */
  private record Due(Picture picture, Corruption corruption, int part) {}

  /**
   * Images that cannot be read are left out.
   *
   * @param cache where image features are kept
   * @return in the order in which they come
   */
  public static List<Shown> of(
      Model model,
      DataSet data,
      ImageFiles files,
      Path cache,
      List<Part> parts,
      long seed,
      Encoding encoding)
      throws IOException {
    List<Due> due = due(data, parts, seed);
    Map<Corruption, List<Picture>> wanted = new TreeMap<>();
    due.forEach(
        each ->
            wanted
                .computeIfAbsent(each.corruption(), corruption -> new ArrayList<>())
                .add(each.picture()));
    Map<Corruption, Map<String, byte[]>> features = new HashMap<>();
    for (Map.Entry<Corruption, List<Picture>> entry : wanted.entrySet()) {
      Path file = cache.resolve(Experiment.cacheName(model, entry.getKey()));
      try (FeatureStore store = new FeatureStore(file, model.clip().featureSize())) {
        Pixels pixels = new Pixels(files, model.clip().preprocessing(), entry.getKey());
        Features.Encoded encoded =
            new Features(model.clip(), store, pixels, encoding::at)
                .of(entry.getValue().stream().distinct().toList());
        Map<String, byte[]> bySha256 = new HashMap<>();
        for (int i = 0; i < encoded.pictures().size(); i++) {
          bySha256.put(encoded.pictures().get(i).sha256(), encoded.halves().get(i));
        }
        features.put(entry.getKey(), bySha256);
      }
    }
    List<Shown> shown = new ArrayList<>();
    for (Due each : due) {
      byte[] feature = features.get(each.corruption()).get(each.picture().sha256());
      if (feature != null) {
        shown.add(
            new Shown(
                each.corruption().name().toLowerCase(Locale.ROOT) + "/" + each.picture().id(),
                each.picture().sha256(),
                each.part(),
                each.picture().label(),
                feature));
      }
    }
    return List.copyOf(shown);
  }

  private static List<Due> due(DataSet data, List<Part> parts, long seed) {
    List<Picture> all = new ArrayList<>(data.training());
    all.addAll(data.test());
    List<Due> due = new ArrayList<>();
    for (int part = 0; part < parts.size(); part++) {
      Random random = Split.random(seed, DRAWING * 1000 + part);
      List<Corruption> corruptions = parts.get(part).corruptions();
      for (Picture picture : drawn(all, data.classes().size(), parts.get(part), random)) {
        due.add(new Due(picture, corruptions.get(random.nextInt(corruptions.size())), part));
      }
    }
    return due;
  }

  /** The pictures of a part, in the order in which they come. */
  static List<Picture> drawn(List<Picture> all, int classes, Part part, Random random) {
    List<List<Picture>> byClass = new ArrayList<>();
    for (int j = 0; j < classes; j++) {
      byClass.add(new ArrayList<>());
    }
    all.forEach(picture -> byClass.get(picture.label()).add(picture));
    byClass.forEach(each -> Collections.shuffle(each, random));
    double[] shares =
        switch (part.mix()) {
          case ZIPF -> ClassMix.ZIPF.shares(classes, random);
          case FEW -> ClassMix.FEW.shares(classes, random);
          case UNIFORM, ONEATATIME ->
              byClass.stream().mapToDouble(each -> (double) each.size() / all.size()).toArray();
        };
    int[] counts = counts(shares, part.images());
    List<Picture> pictures = new ArrayList<>();
    for (int label : Split.order(classes, random)) {
      List<Picture> own = byClass.get(label);
      if (counts[label] > 0 && own.isEmpty()) {
        throw new ExperimentException("a class of the stream has no image");
      }
      for (int i = 0; i < counts[label]; i++) {
        pictures.add(own.get(i % own.size()));
      }
    }
    if (part.mix() != Part.Mix.ONEATATIME) {
      Collections.shuffle(pictures, random);
    }
    return pictures;
  }

  /**
   * Whole numbers that sum to {@code total}: each share rounded down, then the largest rests up.
   */
  static int[] counts(double[] shares, int total) {
    int[] counts = new int[shares.length];
    List<Integer> byRest = new ArrayList<>();
    int left = total;
    for (int j = 0; j < shares.length; j++) {
      counts[j] = (int) (shares[j] * total);
      left -= counts[j];
      byRest.add(j);
    }
    byRest.sort((a, b) -> Double.compare(rest(shares[b] * total), rest(shares[a] * total)));
    for (int i = 0; i < left; i++) {
      counts[byRest.get(i)]++;
    }
    return counts;
  }

  private static double rest(double number) {
    return number - Math.floor(number);
  }
}
