package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.FloatTensor;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;

/**
 * A model one can follow by hand: an image's feature is its mean colour. Counts what goes through
 * it.
 */
final class ColourClip implements ClipModel {
  static final String ID = "colour@1";

  /** What every pass throws; null: nothing. */
  volatile RuntimeException failure;

  /** The thread that every pass kills; null: none. */
  volatile String victim;

  /** Whether it says that it has no device of its own. */
  volatile boolean sharesProcessors = true;

  /** Which threads passes ran in. */
  final Set<String> threads = ConcurrentHashMap.newKeySet();

  final AtomicInteger images = new AtomicInteger();
  final AtomicInteger passes = new AtomicInteger();
  final AtomicInteger prefixedImages = new AtomicInteger();
  final AtomicInteger prefixedPasses = new AtomicInteger();

  @Override
  public String id() {
    return ID;
  }

  @Override
  public int imageSize() {
    return 8;
  }

  @Override
  public int featureSize() {
    return 3;
  }

  @Override
  public float logitScale() {
    return 10;
  }

  @Override
  public boolean sharesProcessors() {
    return sharesProcessors;
  }

  @Override
  public FloatTensor encodeImages(List<byte[]> pixels) {
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
    if (Thread.currentThread().getName().equals(victim)) {
      throw new LinkageError("injected into " + victim);
    }
    threads.add(Thread.currentThread().getName());
    passes.incrementAndGet();
    images.addAndGet(pixels.size());
    return colours(pixels);
  }

  private static FloatTensor colours(List<byte[]> pixels) {
    float[] features = new float[pixels.size() * 3];
    for (int i = 0; i < pixels.size(); i++) {
      byte[] rgb = pixels.get(i);
      for (int p = 0; p < rgb.length; p++) {
        features[i * 3 + p % 3] += rgb[p] & 0xff;
      }
      double square = 0;
      for (int c = 0; c < 3; c++) {
        square += features[i * 3 + c] * features[i * 3 + c];
      }
      for (int c = 0; c < 3; c++) {
        features[i * 3 + c] /= (float) Math.sqrt(square);
      }
    }
    return FloatTensor.matrix(pixels.size(), 3, features);
  }

  /**
   * A prefix's first number is added to every feature's redness before it is made of unit length.
   */
  @Override
  public FloatTensor encodeImages(List<byte[]> pixels, FloatTensor prefix) {
    prefixedPasses.incrementAndGet();
    prefixedImages.addAndGet(pixels.size());
    FloatTensor plain = colours(pixels);
    float[] features = plain.values();
    for (int i = 0; i < features.length; i += 3) {
      features[i] += prefix.values()[0];
      double length =
          Math.sqrt(
              features[i] * features[i]
                  + features[i + 1] * features[i + 1]
                  + features[i + 2] * features[i + 2]);
      for (int c = i; c < i + 3; c++) {
        features[c] /= (float) length;
      }
    }
    return plain;
  }

  @Override
  public int imageWidth() {
    return 1;
  }

  @Override
  public FloatTensor encodeTexts(List<String> texts) {
    throw new AssertionError("the labeler never runs the text tower");
  }

  @Override
  public void close() {}

  /** An image of one colour, as a PNG. */
  static byte[] png(Color colour) {
    BufferedImage image = new BufferedImage(12, 9, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 9; y++) {
      for (int x = 0; x < 12; x++) {
        image.setRGB(x, y, colour.getRGB());
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
