package io.gripstream.workshop.bench;

import io.gripstream.files.ImageFiles;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Images of a camera's size. */
public final class Photographs {
  private static final int MOST = 500;
  private static final int DRAWN = 100;
  private static final int WIDTH = 500;
  private static final int HEIGHT = 375;
  private static final int GRAIN = 24;

  private Photographs() {}

  /**
   * The first few hundred images of a folder or a zip archive.
   *
   * @param limit in bytes; larger ones are left out
   */
  public static List<byte[]> of(Path source, int limit) throws IOException {
    List<byte[]> images = new ArrayList<>();
    try (ImageFiles files = ImageFiles.open(source, "")) {
      for (String name : files.names().subList(0, Math.min(MOST, files.names().size()))) {
        byte[] image = files.read(name, limit);
        if (image != null) {
          images.add(image);
        }
      }
    }
    return images;
  }

  /** JPEGs of {@value #WIDTH} by {@value #HEIGHT} pixels with shades, edges and grain. */
  public static List<byte[]> drawn() {
    Random random = new Random(1);
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < DRAWN; i++) {
      images.add(jpeg(draw(random)));
    }
    return images;
  }

  private static BufferedImage draw(Random random) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    for (int i = 0; i < 40; i++) {
      graphics.setPaint(
          new GradientPaint(
              random.nextInt(WIDTH),
              random.nextInt(HEIGHT),
              new Color(random.nextInt(1 << 24)),
              random.nextInt(WIDTH),
              random.nextInt(HEIGHT),
              new Color(random.nextInt(1 << 24))));
      int size = i == 0 ? WIDTH : 20 + random.nextInt(200);
      graphics.fillOval(
          i == 0 ? -WIDTH / 2 : random.nextInt(WIDTH),
          i == 0 ? -HEIGHT / 2 : random.nextInt(HEIGHT),
          i == 0 ? 2 * size : size,
          i == 0 ? 2 * size : size);
    }
    graphics.dispose();
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        int grain = random.nextInt(GRAIN) - GRAIN / 2;
        int rgb = image.getRGB(x, y);
        image.setRGB(
            x,
            y,
            clamp((rgb >> 16 & 255) + grain) << 16
                | clamp((rgb >> 8 & 255) + grain) << 8
                | clamp((rgb & 255) + grain));
      }
    }
    return image;
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }

  private static byte[] jpeg(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
