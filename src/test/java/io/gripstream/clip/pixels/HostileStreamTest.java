package io.gripstream.clip.pixels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gripstream.clip.Preprocessor;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whatever stands in the stream, the next image is read, soon and from the same heap. Another
 * number of images with {@code -Dhostile=10000}.
 */
@Tag("as-served")
class HostileStreamTest {
  private static final int IMAGES = Integer.getInteger("hostile", 1_000);

  /** Of processor time: a busy machine's waiting is not the image's doing. */
  private static final double MAX_SECONDS = 2;

  private static final long MAX_MEGABYTES = 256;

  /**
   * TwelveMonkeys makes and drops objects for each 16 rows of a lossy WebP, and for each code of a
   * TIFF; they are not held.
   */
  private static final int WEBP_PASSING_BYTES_PER_PIXEL = 160;

  private static final int TIFF_PASSING_BYTES_PER_PIXEL = 256;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Preprocessor preprocessor = new Preprocessor(PixelFixtures.SIZE);
  private final List<String> beyond = new ArrayList<>();

  /** What became of one kind. */
  private static final class Tally {
    private int read;
    private int refused;
    private double seconds;
    private long megabytes;
    private String reason = "";
  }

  @Test
  void noImageTakesLongMuchMemoryOrTheNextImageWithIt() throws Exception {
    Map<String, Function<Random, byte[]>> kinds = HostileImages.kinds();
    byte[] sound = PixelFixtures.encoded("rgb.png");
    int each = (IMAGES + kinds.size() - 1) / kinds.size();
    System.out.printf(
        "%-30s %6s %8s %9s %9s  %s%n",
        "hostile images", "read", "refused", "worst ms", "worst MB", "for example");
    for (Map.Entry<String, Function<Random, byte[]>> kind : kinds.entrySet()) {
      Tally tally = new Tally();
      for (int i = 0; i < each; i++) {
        // Spread, since neighbouring seeds begin alike.
        long seed = (31L * kind.getKey().hashCode() + i) * 0x9E3779B97F4A7C15L;
        decode(kind.getValue().apply(new Random(seed)), kind.getKey() + ", seed " + seed, tally);
      }
      System.out.printf(
          "%-30s %6d %8d %9.0f %9d  %s%n",
          kind.getKey(),
          tally.read,
          tally.refused,
          1_000 * tally.seconds,
          tally.megabytes,
          tally.reason);
      assertThat(preprocessor.pixels(sound)).isEqualTo(PixelFixtures.pixels("rgb.png"));
    }

    assertThat(beyond).isEmpty();
  }

  private void decode(byte[] image, String name, Tally tally) {
    long nanos = threads.getCurrentThreadCpuTime();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    try {
      assertThat(preprocessor.pixels(image)).hasSize(3 * PixelFixtures.SIZE * PixelFixtures.SIZE);
      tally.read++;
    } catch (InvalidImageException e) {
      assertThat(e.getMessage()).as(name).isNotBlank();
      tally.refused++;
      tally.reason = e.getMessage();
    } catch (RuntimeException | Error e) {
      beyond.add(name + ": " + e);
    }
    double seconds = (threads.getCurrentThreadCpuTime() - nanos) / 1e9;
    long held = threads.getCurrentThreadAllocatedBytes() - bytes - passing(image);
    tally.seconds = Math.max(tally.seconds, seconds);
    tally.megabytes = Math.max(tally.megabytes, held >> 20);
    if (seconds > MAX_SECONDS || held >> 20 > MAX_MEGABYTES) {
      beyond.add("%s: %.2f s, %d MB".formatted(name, seconds, held >> 20));
    }
  }

  private static long passing(byte[] image) {
    Bytes bytes = new Bytes(image);
    if (bytes.startWith(0, "II*") || bytes.startWith(0, "MM\0*")) {
      try {
        return TIFF_PASSING_BYTES_PER_PIXEL * ImageHeader.of(image).pixels();
      } catch (InvalidImageException refused) {
        return 0;
      }
    }
    if (!bytes.startWith(8, "WEBPVP8 ") || image.length < 30) {
      return 0;
    }
    return (long) WEBP_PASSING_BYTES_PER_PIXEL
        * (bytes.littleShort(26) & 0x3FFF)
        * (bytes.littleShort(28) & 0x3FFF);
  }
}
