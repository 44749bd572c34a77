package io.gripstream.workshop.pico.world;

import java.util.SplittableRandom;

/**
 * How a picture was taken: resolution, sharpness, light and noise.
 *
 * @param resolution side of the raster that the scene is drawn on, in pixels
 * @param blurPasses how often the picture is softened
 * @param contrast factor around middle gray, in 1/256
 * @param brightness added to every value
 * @param slopeX added from the left edge to the right, negative on the left
 * @param slopeY the same from top to bottom
 * @param noise standard deviation of the noise, in gray levels
 * @param grain where in the noise table this picture's noise starts
 */
record Look(
    int resolution,
    int blurPasses,
    int contrast,
    int brightness,
    int slopeX,
    int slopeY,
    int noise,
    int grain) {
  private static final int NOISE_LENGTH = 1 << 16;
  private static final short[] NOISE = noiseTable();

  static Look any(SplittableRandom random) {
    int resolution = World.SIZE;
    if (random.nextInt(3) == 0) {
      resolution = 22 + random.nextInt(30);
    }
    int blur = random.nextInt(10) < 5 ? 0 : (int) (10 * random.nextDouble() * random.nextDouble());
    int contrast = 256;
    int brightness = 0;
    int slopeX = 0;
    int slopeY = 0;
    if (random.nextInt(10) < 6) {
      contrast = 110 + random.nextInt(170);
      brightness = random.nextInt(71) - 35;
    }
    if (random.nextInt(10) < 3) {
      slopeX = random.nextInt(81) - 40;
      slopeY = random.nextInt(81) - 40;
    }
    int noise =
        random.nextInt(10) < 5 ? 0 : 1 + (int) (34 * random.nextDouble() * random.nextDouble());
    return new Look(
        resolution,
        blur,
        contrast,
        brightness,
        slopeX,
        slopeY,
        noise,
        random.nextInt(NOISE_LENGTH));
  }

  /** A word for what stands out about this picture, or none. */
  String adjective(SplittableRandom random) {
    if (blurPasses >= 4 && random.nextBoolean()) {
      return "blurry ";
    }
    if (noise >= 14 && random.nextBoolean()) {
      return "noisy ";
    }
    if (resolution < 34 && random.nextInt(3) == 0) {
      return random.nextBoolean() ? "low resolution " : "pixelated ";
    }
    if (brightness > 22 && random.nextInt(3) == 0) {
      return "bright ";
    }
    if (brightness < -22 && random.nextInt(3) == 0) {
      return "dark ";
    }
    return "";
  }

  void blur(int[] plane, int[] scratch) {
    for (int i = 0; i < blurPasses; i++) {
      Filters.soften(plane, scratch, 64);
    }
  }

  /** Writes a plane's final values as channel {@code channel} of interleaved pixels. */
  void expose(int[] plane, int channel, byte[] pixels) {
    int size = World.SIZE;
    int start = grain + channel * 7919;
    for (int y = 0, i = 0; y < size; y++) {
      int light = brightness * 256 + slopeY * 256 * (2 * y - size) / (2 * size);
      for (int x = 0; x < size; x++, i++) {
        int value = (plane[i] - 128) * contrast + (128 << 8) + light;
        value += slopeX * 256 * (2 * x - size) / (2 * size);
        value += noise * NOISE[start + i & NOISE_LENGTH - 1];
        value >>= 8;
        pixels[i * 3 + channel] = (byte) (value < 0 ? 0 : Math.min(value, 255));
      }
    }
  }

  /**
   * Standard normal values in 1/256: drawing them afresh for each pixel would cost more than the
   * drawing.
   */
  private static short[] noiseTable() {
    SplittableRandom random = new SplittableRandom(42);
    short[] table = new short[NOISE_LENGTH];
    for (int i = 0; i < NOISE_LENGTH; i++) {
      table[i] = (short) (256 * random.nextGaussian());
    }
    return table;
  }
}
