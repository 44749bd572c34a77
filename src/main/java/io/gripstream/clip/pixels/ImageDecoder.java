package io.gripstream.clip.pixels;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;

/**
 * Decodes image files from anywhere into upright RGB, equal to Pillow's {@code exif_transpose} and
 * {@code convert("RGB")}. Nothing is allocated before the header is found sound and small enough,
 * and a file that is cut off is refused rather than filled up with grey. Thread-safe; a large image
 * waits for another large one.
 */
public final class ImageDecoder {
  /** Of memory, for one image: 256 MB, less what is taken before a budget is looked at again. */
  private static final long MAX_BYTES = 250L << 20;

  /** Added to what the header says, for the reader's own tables. */
  private static final long SLACK_BYTES = 32L << 20;

  /** Of processor time, by what the header says. */
  private static final long MAX_NANOS = 2_000_000_000L;

  /** Added to what the header says before a decode is ended: for slow and for cold machines. */
  private static final long SLACK_NANOS = 1_000_000_000L;

  /** A reader takes a row's time however few its pixels; more than any camera or scanner has. */
  private static final int MAX_SIDE = 1 << 20;

  /** Copies of the file that are held at a time, at most. */
  private static final int COPIES = 4;

  /** Bytes that a WebP's reader looks ahead. */
  private static final int WEBP_LOOK_AHEAD = 8;

  private final Readers readers = new Readers();
  private final ReentrantLock largeImages = new ReentrantLock();
  private final long maxPixels;
  private final long heap = Runtime.getRuntime().maxMemory();

  /**
   * @param maxPixels larger images are refused
   */
  public ImageDecoder(long maxPixels) {
    this.maxPixels = maxPixels;
  }

  /**
   * @throws InvalidImageException whatever is wrong with the bytes, in words
   */
  public RgbView decode(byte[] encoded) throws InvalidImageException {
    ImageHeader header = ImageHeader.of(encoded);
    double bytes = header.pixels() * header.bytesPerPixel() + (double) COPIES * encoded.length;
    requireDecent(header, bytes);
    if (bytes < heap / 16.0) {
      return upright(header, encoded, bytes);
    }
    // One at a time, so that many at once cannot fill the heap.
    largeImages.lock();
    try {
      return upright(header, encoded, bytes);
    } finally {
      largeImages.unlock();
    }
  }

  private void requireDecent(ImageHeader header, double bytes) throws InvalidImageException {
    if (header.pixels() > maxPixels) {
      throw new InvalidImageException(
          "%s is larger than the %d pixels allowed".formatted(header, maxPixels));
    }
    if (bytes > Math.min(heap / 2, MAX_BYTES)) {
      throw new InvalidImageException("%s is larger than memory allows".formatted(header));
    }
    long affordable = MAX_NANOS / header.format().nanosPerPixel();
    if (header.pixels() > affordable) {
      throw new InvalidImageException(
          "%s is larger than the %d pixels that can be decoded in time"
              .formatted(header, affordable));
    }
    if (Math.max(header.width(), header.height()) > MAX_SIDE) {
      throw new InvalidImageException("%s is longer than %d pixels".formatted(header, MAX_SIDE));
    }
  }

  private RgbView upright(ImageHeader header, byte[] encoded, double bytes)
      throws InvalidImageException {
    ImageFormat format = header.format();
    DecodeBudget budget =
        new DecodeBudget(
            SLACK_NANOS + header.pixels() * format.nanosPerPixel(),
            (long) Math.min(bytes + SLACK_BYTES, MAX_BYTES)
                + header.pixels() * format.passingBytesPerPixel());
    try {
      return stored(header, new Bytes(encoded), budget).oriented(header.orientation());
    } catch (IOException | RuntimeException e) {
      throw new InvalidImageException("%s %s".formatted(header, complaint(e, budget)), e);
    } catch (OutOfMemoryError e) {
      // The estimate was too low; one image must not take the process with it.
      throw new InvalidImageException("%s is larger than memory allows".formatted(header), e);
    }
  }

  private static String complaint(Exception damage, DecodeBudget budget) {
    if (budget.excess() != null) {
      return budget.excess();
    }
    if (damage instanceof EOFException) {
      return "is cut off";
    }
    // Readers meet damage with whatever exception it leads to; only the declared ones are for
    // people.
    return damage instanceof IOException && damage.getMessage() != null
        ? "is damaged: " + damage.getMessage()
        : "is damaged";
  }

  /** Readers get a file's pixels only: whatever else it holds is not theirs to stumble over. */
  private RgbView stored(ImageHeader header, Bytes bytes, DecodeBudget budget)
      throws IOException, InvalidImageException {
    return switch (header.format()) {
      case JPEG -> jpeg(bytes, budget);
      case PNG -> Samples.of(whole(ImageFormat.PNG, PngChunks.bare(bytes), budget));
      case GIF -> gif(bytes, budget);
      case BMP -> Samples.of(whole(ImageFormat.BMP, BmpHeader.bare(bytes), budget));
      case WEBP, WEBP_LOSSLESS -> webp(header.format(), bytes, budget);
      case TIFF -> tiff(bytes, budget);
    };
  }

  private RgbView jpeg(Bytes bytes, DecodeBudget budget) throws IOException, InvalidImageException {
    JpegSegments segments = JpegSegments.of(bytes);
    ImageReader reader = readers.open(ImageFormat.JPEG);
    try (EncodedStream stream = new EncodedStream(segments.bare(bytes), budget)) {
      reader.setInput(stream, true, true);
      reader.addIIOReadProgressListener(new RowBudget(budget));
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

  private RgbView gif(Bytes bytes, DecodeBudget budget) throws IOException, InvalidImageException {
    GifFrame frame = GifFrame.first(bytes);
    BufferedImage image = whole(ImageFormat.GIF, frame.bare(bytes), budget);
    return frame.onScreen(Samples.of(image), (IndexColorModel) image.getColorModel());
  }

  private RgbView tiff(Bytes bytes, DecodeBudget budget) throws IOException, InvalidImageException {
    TiffDirectory directory = TiffDirectory.of(bytes);
    // Strips need not end where the file does; one that is cut off ends the reader.
    byte[] bare = directory.bare(bytes);
    return TiffPixels.of(directory, image(ImageFormat.TIFF, bare, 0, Ending.ANY, null, budget));
  }

  private RgbView webp(ImageFormat format, Bytes bytes, DecodeBudget budget)
      throws IOException, InvalidImageException {
    WebpChunks chunks = WebpChunks.of(bytes);
    int width = chunks.frame().width();
    int height = chunks.frame().height();
    ImageReadParam target = new ImageReadParam();
    if (format == ImageFormat.WEBP_LOSSLESS) {
      target.setDestination(BudgetedRaster.image(width, height, budget));
    }
    // A lossy picture's data may end in the middle of what its reader takes at a time.
    Ending ending = format == ImageFormat.WEBP_LOSSLESS ? Ending.WHOLE : Ending.ANY;
    byte[] bare = chunks.bare(bytes);
    BufferedImage image = image(format, bare, WEBP_LOOK_AHEAD, ending, target, budget);
    return Samples.of(image)
        .onCanvas(chunks.width(), chunks.height(), chunks.frame().left(), chunks.frame().top(), 0);
  }

  private enum Ending {
    WHOLE,
    ANY
  }

  private BufferedImage whole(ImageFormat format, byte[] bare, DecodeBudget budget)
      throws IOException, InvalidImageException {
    return image(format, bare, 0, Ending.WHOLE, null, budget);
  }

  private BufferedImage image(
      ImageFormat format,
      byte[] bare,
      int lookAhead,
      Ending ending,
      ImageReadParam target,
      DecodeBudget budget)
      throws IOException, InvalidImageException {
    ImageReader reader = readers.open(format);
    try (EncodedStream stream = new EncodedStream(bare, lookAhead, budget)) {
      reader.setInput(stream, true, true);
      reader.addIIOReadProgressListener(new RowBudget(budget));
      BufferedImage image = reader.read(0, target);
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
