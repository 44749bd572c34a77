package io.gripstream.clip;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import javax.imageio.ImageReader;

/**
 * Decodes image files from anywhere into upright RGB, equal to Pillow's {@code exif_transpose} and
 * {@code convert("RGB")}. Nothing is allocated before the header is found sound and small enough,
 * and a file that is cut off is refused rather than filled up with grey. Thread-safe; a large image
 * waits for another large one.
 */
final class ImageDecoder {
  /** From here on images are decoded one at a time, so that many at once cannot fill the heap. */
  private static final long LARGE = 1 << 28;

  private final Readers readers = new Readers();
  private final ReentrantLock largeImages = new ReentrantLock();
  private final long maxPixels;

  /**
   * @param maxPixels larger images are refused
   */
  ImageDecoder(long maxPixels) {
    this.maxPixels = maxPixels;
  }

  RgbView decode(byte[] encoded) throws InvalidImageException {
    ImageHeader header = ImageHeader.of(encoded);
    long memory = header.pixels() * header.format().workingBytesPerPixel();
    if (header.pixels() > maxPixels) {
      throw new InvalidImageException(
          "%s of %d x %d pixels, more than the %d allowed"
              .formatted(header.format(), header.width(), header.height(), maxPixels));
    }
    if (memory > Runtime.getRuntime().maxMemory() / 2) {
      throw new InvalidImageException(
          "%s of %d x %d pixels, more than this process has memory for"
              .formatted(header.format(), header.width(), header.height()));
    }
    if (memory < LARGE) {
      return upright(header, encoded);
    }
    largeImages.lock();
    try {
      return upright(header, encoded);
    } finally {
      largeImages.unlock();
    }
  }

  private RgbView upright(ImageHeader header, byte[] encoded) throws InvalidImageException {
    try {
      RgbView stored = header.format() == ImageFormat.JPEG ? jpeg(encoded) : other(header, encoded);
      return stored.oriented(header.orientation());
    } catch (IOException | RuntimeException e) {
      // Readers meet damage with whatever exception it leads to, not only the declared ones.
      throw new InvalidImageException(
          "damaged %s: %s".formatted(header.format(), e.getMessage()), e);
    }
  }

  private RgbView jpeg(byte[] encoded) throws IOException, InvalidImageException {
    Bytes bytes = new Bytes(encoded);
    JpegSegments segments = JpegSegments.of(bytes);
    ImageReader reader = readers.open(ImageFormat.JPEG);
    try (EncodedStream stream = new EncodedStream(JpegSegments.bare(bytes))) {
      reader.setInput(stream, true, true);
      var raster = reader.readRaster(0, null);
      if (stream.ranOut()) {
        throw new InvalidImageException("JPEG is cut off");
      }
      byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
      return JpegColors.toRgb(
          samples, raster.getWidth(), raster.getHeight(), segments.colorSpace());
    } finally {
      reader.dispose();
    }
  }

  private RgbView other(ImageHeader header, byte[] encoded)
      throws IOException, InvalidImageException {
    ImageReader reader = readers.open(header.format());
    try (EncodedStream stream = new EncodedStream(encoded)) {
      reader.setInput(stream, true, true);
      BufferedImage image = reader.read(0);
      if (stream.ranOut()) {
        throw new InvalidImageException("%s is cut off".formatted(header.format()));
      }
      return Samples.of(image);
    } finally {
      reader.dispose();
    }
  }
}
