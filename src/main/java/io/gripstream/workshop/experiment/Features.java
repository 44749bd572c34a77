package io.gripstream.workshop.experiment;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The image features of a data set, without any visual prompt: from the store, and where it has
 * none, from the image tower. Both ways give the same halves. Not thread-safe.
 */
final class Features {
  /**
   * Images that go through the tower together; always so many, the last ones repeated where there
   * are fewer, because the sums' order can depend on their number.
   */
  private static final int BATCH = 64;

  private final ClipModel clip;
  private final FeatureStore store;
  private final Pixels pixels;
  private final Progress progress;
  private final Set<String> found = new HashSet<>();
  private final Map<String, String> unreadable = new TreeMap<>();
  private final Set<String> encoded = new HashSet<>();

  /** Hears how many of the images at hand were encoded. */
  @FunctionalInterface
  interface Progress {
    void at(int done, int total);
  }

  Features(ClipModel clip, FeatureStore store, Pixels pixels, Progress progress) {
    this.clip = clip;
    this.store = store;
    this.pixels = pixels;
    this.progress = progress;
  }

  /**
   * Images that could be read.
   *
   * @param halves {@code [N]}, each {@code D} halves
   * @param values {@code [N, D]}, the same
   */
  record Encoded(List<Picture> pictures, List<byte[]> halves, FloatTensor values) {
    int[] labels() {
      return pictures.stream().mapToInt(Picture::label).toArray();
    }
  }

  /** Images that the store had, not counting those that went through the tower. */
  long found() {
    return found.size();
  }

  /** Images that went through the tower. */
  long encoded() {
    return encoded.size();
  }

  /** Why images could not be read, by their paths. */
  Map<String, String> unreadable() {
    return unreadable;
  }

  /** The features of these images, but of those that cannot be read. */
  Encoded of(List<Picture> pictures) throws IOException {
    List<Picture> missing = new ArrayList<>();
    Set<String> digests = new HashSet<>();
    for (Picture picture : pictures) {
      if (store.contains(picture.sha256())) {
        if (!encoded.contains(picture.sha256())) {
          found.add(picture.sha256());
        }
      } else if (!unreadable.containsKey(picture.id()) && digests.add(picture.sha256())) {
        missing.add(picture);
      }
    }
    for (int from = 0; from < missing.size(); from += BATCH) {
      encode(missing.subList(from, Math.min(missing.size(), from + BATCH)));
      progress.at(Math.min(missing.size(), from + BATCH), missing.size());
    }
    List<Picture> readable =
        pictures.stream().filter(each -> store.contains(each.sha256())).toList();
    int length = clip.featureSize();
    float[] values = new float[readable.size() * length];
    List<byte[]> halves = new ArrayList<>();
    for (Picture picture : readable) {
      byte[] feature = store.get(picture.sha256());
      System.arraycopy(Float16.decode(feature), 0, values, halves.size() * length, length);
      halves.add(feature);
    }
    return new Encoded(readable, halves, FloatTensor.matrix(readable.size(), length, values));
  }

  private void encode(List<Picture> pictures) throws IOException {
    List<Pixels.Reading> readings = pixels.read(pictures);
    List<Picture> sound = new ArrayList<>();
    List<byte[]> inputs = new ArrayList<>();
    for (int i = 0; i < readings.size(); i++) {
      if (readings.get(i).problem() == null) {
        sound.add(pictures.get(i));
        inputs.add(readings.get(i).pixels());
      } else {
        unreadable.put(pictures.get(i).id(), readings.get(i).problem());
      }
    }
    if (sound.isEmpty()) {
      return;
    }
    while (inputs.size() < BATCH) {
      inputs.add(inputs.get(inputs.size() - 1));
    }
    FloatTensor features = clip.encodeImages(inputs);
    Map<String, byte[]> fresh = new LinkedHashMap<>();
    for (int i = 0; i < sound.size(); i++) {
      fresh.put(sound.get(i).sha256(), Float16.encode(features.row(i)));
    }
    store.add(fresh);
    encoded.addAll(fresh.keySet());
  }
}
