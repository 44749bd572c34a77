package io.gripstream.workshop.experiment;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Scores;
import java.util.ArrayList;
import java.util.List;

/**
 * What prompts say of the test images. A visual prompt changes the image features, so that each
 * version needs them anew: from the tower's first layer on while that fits into {@link #MOST_BYTES}
 * of native memory, otherwise from the files. Not thread-safe.
 */
final class TestImages implements AutoCloseable {
  /** Under which name the vectors behind the class token are in a prompt version's tensors. */
  private static final String PREFIX = "prefix";

  private static final long MOST_BYTES = 1L << 30;
  private static final int BATCH = 64;

  private final Model model;
  private final long mostBytes;
  private final Pixels pixels;
  private List<Picture> held = List.of();
  private ImageTokens tokens;

  TestImages(Model model, Pixels pixels) {
    this(model, pixels, MOST_BYTES);
  }

  /**
   * @param mostBytes native memory that images may be kept in
   */
  TestImages(Model model, Pixels pixels, long mostBytes) {
    this.model = model;
    this.pixels = pixels;
    this.mostBytes = mostBytes;
  }

  /**
   * @return {@code [N]}, the most probable class of each image
   */
  int[] predictions(PromptVersion version, Features.Encoded images) {
    Tensor prefix = version.getTensors().get(PREFIX);
    FloatTensor features =
        prefix == null ? images.values() : behind(Tensors.decode(prefix), images.pictures());
    return Scores.argmax(Classifier.of(version).logits(features));
  }

  private FloatTensor behind(FloatTensor prefix, List<Picture> pictures) {
    long bytes = (long) Float.BYTES * pictures.size() * model.tokens() * model.clip().imageWidth();
    if (bytes >= mostBytes) {
      return fromFiles(prefix, pictures);
    }
    if (tokens == null || !held.equals(pictures)) {
      hold(pictures);
    }
    int[] rows = new int[pictures.size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i;
    }
    return tokens.features(prefix, rows);
  }

  private void hold(List<Picture> pictures) {
    close();
    tokens = model.clip().imageTokens();
    for (int from = 0; from < pictures.size(); from += BATCH) {
      tokens.add(read(pictures.subList(from, Math.min(pictures.size(), from + BATCH))));
    }
    held = pictures;
  }

  private FloatTensor fromFiles(FloatTensor prefix, List<Picture> pictures) {
    int length = model.clip().featureSize();
    float[] features = new float[pictures.size() * length];
    for (int from = 0; from < pictures.size(); from += BATCH) {
      List<byte[]> batch = read(pictures.subList(from, Math.min(pictures.size(), from + BATCH)));
      float[] values = model.clip().encodeImages(batch, prefix).values();
      System.arraycopy(values, 0, features, from * length, values.length);
    }
    return FloatTensor.matrix(pictures.size(), length, features);
  }

  private List<byte[]> read(List<Picture> pictures) {
    List<byte[]> inputs = new ArrayList<>();
    List<Pixels.Reading> readings = pixels.read(pictures);
    for (int i = 0; i < readings.size(); i++) {
      if (readings.get(i).problem() != null) {
        throw new ExperimentException(
            "test image %s cannot be read again: %s"
                .formatted(pictures.get(i).id(), readings.get(i).problem()));
      }
      inputs.add(readings.get(i).pixels());
    }
    return inputs;
  }

  @Override
  public void close() {
    if (tokens != null) {
      tokens.close();
      tokens = null;
      held = List.of();
    }
  }
}
