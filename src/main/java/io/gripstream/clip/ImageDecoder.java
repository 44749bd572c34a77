package io.gripstream.clip;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
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
  private final Readers readers = new Readers();
  private final ReentrantLock largeImages = new ReentrantLock();
  private final long maxPixels;
  private final long heap = Runtime.getRuntime().maxMemory();

  /**
   * @param maxPixels larger images are refused
   */
  ImageDecoder(long maxPixels) {
    this.maxPixels = maxPixels;
  }

  /**
   * @throws InvalidImageException whatever is wrong with the bytes, in words
   */
  RgbView decode(byte[] encoded) throws InvalidImageException {
    ImageHeader header = ImageHeader.of(encoded);
    if (header.pixels() > maxPixels) {
      throw new InvalidImageException(
          "%s is larger than the %d pixels allowed".formatted(header, maxPixels));
    }
    long affordable = heap / header.format().workingBytesPerPixel();
    if (header.pixels() > affordable / 2) {
      throw new InvalidImageException("%s is larger than memory allows".formatted(header));
    }
    if (header.pixels() < affordable / 16) {
      return upright(header, encoded);
    }
    // One at a time, so that many at once cannot fill the heap.
    largeImages.lock();
    try {
      return upright(header, encoded);
    } finally {
      largeImages.unlock();
    }
  }

  private RgbView upright(ImageHeader header, byte[] encoded) throws InvalidImageException {
    try {
      return stored(header, new Bytes(encoded)).oriented(header.orientation());
    } catch (IOException | RuntimeException e) {
      // Readers meet damage with whatever exception it leads to, not only the declared ones.
      throw new InvalidImageException("%s is damaged: %s".formatted(header, e.getMessage()), e);
    } catch (OutOfMemoryError e) {
      // The estimate was too low; one image must not take the process with it.
      throw new InvalidImageException("%s is larger than memory allows".formatted(header), e);
    }
  }

  private RgbView stored(ImageHeader header, Bytes bytes)
      throws IOException, InvalidImageException {
    return switch (header.format()) {
      case JPEG -> jpeg(bytes);
      case GIF -> gif(bytes);
      // The reader looks ahead, so asking for more says nothing; its chunks were found whole.
      case WEBP -> Samples.of(image(header.format(), WebpChunks.of(bytes).bare(bytes), Ending.ANY));
      case PNG, BMP -> Samples.of(image(header.format(), bytes.array(), Ending.WHOLE));
    };
  }

  private RgbView jpeg(Bytes bytes) throws IOException, InvalidImageException {
    JpegSegments segments = JpegSegments.of(bytes);
    ImageReader reader = readers.open(ImageFormat.JPEG);
    try (EncodedStream stream = new EncodedStream(segments.bare(bytes))) {
      reader.setInput(stream, true, true);
      // The samples as they are stored: which colours they are is not left to the reader's guess.
      Raster raster = reader.readRaster(0, null);
      requireWhole(ImageFormat.JPEG, stream);
      byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
      return JpegColors.toRgb(
          samples, raster.getWidth(), raster.getHeight(), segments.colorSpace());
    } finally {
      reader.dispose();
    }
  }

  private RgbView gif(Bytes bytes) throws IOException, InvalidImageException {
    BufferedImage frame = image(ImageFormat.GIF, bytes.array(), Ending.WHOLE);
    return GifFrame.first(bytes)
        .onScreen(Samples.of(frame), (IndexColorModel) frame.getColorModel());
  }

  private enum Ending {
    WHOLE,
    ANY
  }

  private BufferedImage image(ImageFormat format, byte[] encoded, Ending ending)
      throws IOException, InvalidImageException {
    ImageReader reader = readers.open(format);
    try (EncodedStream stream = new EncodedStream(encoded)) {
      reader.setInput(stream, true, true);
      BufferedImage image = reader.read(0);
      if (ending == Ending.WHOLE) {
        requireWhole(format, stream);
      }
      return image;
    } finally {
      reader.dispose();
    }
  }

  private static void requireWhole(ImageFormat format, EncodedStream stream)
      throws InvalidImageException {
    if (stream.ranOut()) {
      throw new InvalidImageException("%s is cut off".formatted(format));
    }
  }
}
