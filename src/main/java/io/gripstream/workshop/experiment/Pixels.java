package io.gripstream.workshop.experiment;

import io.gripstream.clip.Digests;
import io.gripstream.clip.Preprocessing;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.BatchSample;
import io.gripstream.files.ImageFiles;
import io.gripstream.refine.ImageSource;
import java.io.IOException;
import java.util.List;

/** Reads a data set's images as the image tower takes them, spoiled or not. Thread-safe. */
final class Pixels implements ImageSource {
  private final ImageFiles files;
  private final Preprocessor preprocessor;
  private final int side;
  private final Corruption corruption;

  /**
   * @param files stays the caller's to close
   * @param preprocessing the model's own
   */
  Pixels(ImageFiles files, Preprocessing preprocessing) {
    this(files, preprocessing, Corruption.ASIS);
  }

  /**
   * @param corruption what every image goes through
   */
  Pixels(ImageFiles files, Preprocessing preprocessing, Corruption corruption) {
    this.files = files;
    this.preprocessor = new Preprocessor(preprocessing);
    this.side = preprocessing.crop();
    this.corruption = corruption;
  }

  /**
   * What became of one image.
   *
   * @param pixels {@code [S, S, 3]}; null when there is a problem
   * @param problem in words; null when there is none
   */
  record Reading(byte[] pixels, String problem) {}

  /** Reads some images, several at a time; the answers are in order. */
  List<Reading> read(List<Picture> pictures) {
    return pictures.parallelStream().map(each -> read(each.id(), each.sha256())).toList();
  }

  @Override
  public List<byte[]> pixels(List<BatchSample> samples) {
    List<Reading> readings =
        samples.parallelStream()
            .map(sample -> read(sample.getImageId(), sample.getImage().getSha256()))
            .toList();
    // A list that may hold null: an image that is gone.
    return new java.util.ArrayList<>(readings.stream().map(Reading::pixels).toList());
  }

  private Reading read(String id, String sha256) {
    try {
      byte[] content = files.read(id, DataSet.MAX_BYTES);
      if (content == null || !Digests.sha256(content).equals(sha256)) {
        return new Reading(null, "has changed since the data set was listed");
      }
      return new Reading(corruption.apply(preprocessor.pixels(content), side, sha256), null);
    } catch (IOException | InvalidImageException e) {
      return new Reading(null, e.getMessage());
    }
  }
}
