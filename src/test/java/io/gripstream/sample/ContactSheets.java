package io.gripstream.sample;

import io.gripstream.workshop.pico.world.Typefaces;
import io.gripstream.workshop.pico.world.World;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Not a test: a main that writes what the streams and the training world look like to {@code
 * target/sheets}, for a person to look at.
 */
public final class ContactSheets {
  private static final int COLUMNS = 16;
  private static final int ROWS = 12;
  private static final int CELL = 82;

  private ContactSheets() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of("target/sheets"));
    for (String name : SampleStreams.names()) {
      SampleStream stream = SampleStreams.byName(name);
      List<BufferedImage> images = new ArrayList<>();
      for (int i = 0; i < COLUMNS * ROWS; i++) {
        images.add(ImageIO.read(new ByteArrayInputStream(stream.image(i).png())));
      }
      write(images, folder.resolve("sample-" + name + ".png"));
    }
    World world = new World(7, Typefaces.load(Typefaces.DEBIAN_FOLDER));
    for (World.Task task : world.tasks()) {
      List<BufferedImage> images = new ArrayList<>();
      for (int i = 0; i < COLUMNS * ROWS; i++) {
        images.add(image(world.labelled(task.name(), i).pixels()));
      }
      write(images, folder.resolve("world-" + task.name() + ".png"));
    }
  }

  private static void write(List<BufferedImage> images, Path file) throws IOException {
    BufferedImage sheet =
        new BufferedImage(COLUMNS * CELL, ROWS * CELL, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = sheet.createGraphics();
    g.setColor(Color.DARK_GRAY);
    g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    for (int i = 0; i < images.size(); i++) {
      g.drawImage(images.get(i), i % COLUMNS * CELL, i / COLUMNS * CELL, CELL - 2, CELL - 2, null);
    }
    g.dispose();
    ImageIO.write(sheet, "png", file.toFile());
  }

  private static BufferedImage image(byte[] pixels) {
    int size = World.SIZE;
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < size * size; i++) {
      int rgb =
          (pixels[3 * i] & 255) << 16 | (pixels[3 * i + 1] & 255) << 8 | pixels[3 * i + 2] & 255;
      image.setRGB(i % size, i / size, rgb);
    }
    return image;
  }
}
