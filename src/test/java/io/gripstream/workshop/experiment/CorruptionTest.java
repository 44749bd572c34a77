package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CorruptionTest {
  private static final String ONE = "0123456789abcdef".repeat(4);
  private static final String OTHER = "123456789abcdef0".repeat(4);

  @Test
  void asIsChangesNothing() {
    byte[] pixels = pixels(10, 20, 30);
    assertThat(Corruption.ASIS.apply(pixels, 1, ONE)).isEqualTo(pixels(10, 20, 30));
  }

  @Test
  void darkIsAThirdOfTheLight() {
    assertThat(Corruption.DARK.apply(pixels(0, 100, 255), 1, ONE)).isEqualTo(pixels(0, 35, 89));
  }

  @Test
  void greyIsTheLumaInAllThreeChannels() {
    // 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2; pure blue: 29.07.
    assertThat(Corruption.GREY.apply(pixels(200, 100, 50, 0, 0, 255), 1, ONE))
        .isEqualTo(pixels(124, 124, 124, 29, 29, 29));
  }

  @Test
  void blurredGoesThroughAQuarterOfTheSide() {
    // Eight by eight, left half 0 and right half 200: two by two means of 0 and 200, and between
    // them a ramp from the first mean's center (column 1.5) to the second's (column 5.5).
    byte[] pixels = new byte[8 * 8 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i / 3 % 8 < 4 ? 0 : 200);
    }
    byte[] blurred = Corruption.BLURRED.apply(pixels, 8, ONE);
    for (int y = 0; y < 8; y++) {
      int[] row = new int[8];
      for (int x = 0; x < 8; x++) {
        row[x] = blurred[(y * 8 + x) * 3 + 1] & 0xff;
      }
      assertThat(row).containsExactly(0, 0, 25, 75, 125, 175, 200, 200);
    }
    assertThat(pixels[0]).as("the picture itself stays").isZero();
  }

  @Test
  void blurredKeepsTheMeanWhereTheSideIsNoMultipleOfFour() {
    byte[] pixels = new byte[30 * 30 * 3];
    Arrays.fill(pixels, (byte) 77);
    assertThat(Corruption.BLURRED.apply(pixels, 30, ONE)).isEqualTo(pixels);
  }

  @Test
  void noiseIsOfTheDeviationThatItSaysAndStaysInRange() {
    byte[] grey = new byte[100 * 100 * 3];
    Arrays.fill(grey, (byte) 128);
    byte[] noisy = Corruption.NOISY.apply(grey, 100, ONE);
    double mean = 0;
    double square = 0;
    for (byte each : noisy) {
      double change = (each & 0xff) - 128;
      mean += change / noisy.length;
      square += change * change / noisy.length;
    }
    assertThat(mean).isCloseTo(0, within(1.0));
    assertThat(Math.sqrt(square - mean * mean)).isCloseTo(40, within(1.0));

    byte[] white = new byte[30_000];
    Arrays.fill(white, (byte) 255);
    byte[] clamped = Corruption.NOISY.apply(white, 100, ONE);
    int least = 255;
    for (byte each : clamped) {
      least = Math.min(least, each & 0xff);
    }
    assertThat(least).as("what is above white must not come round to black").isGreaterThan(60);
  }

  @Test
  void oneImageIsSpoiledInOneWayAndAnotherInAnother() {
    byte[] grey = new byte[300];
    Arrays.fill(grey, (byte) 128);
    assertThat(Corruption.NOISY.apply(grey, 10, ONE))
        .isEqualTo(Corruption.NOISY.apply(grey, 10, ONE))
        .isNotEqualTo(Corruption.NOISY.apply(grey, 10, OTHER));
  }

  private static byte[] pixels(int... values) {
    byte[] pixels = new byte[values.length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) values[i];
    }
    return pixels;
  }
}
