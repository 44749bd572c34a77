package io.gripstream.workshop.bench;

import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.pixels.InvalidImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * From a photograph's bytes to the tower's pixels, in one thread, against the bare JPEG decoder.
 */
final class DecodeBench implements Benchmark {
  @Override
  public List<Figure> run(Setting setting) throws Exception {
    Preprocessor preprocessor = new Preprocessor(setting.models().config().vision().imageSize());
    List<byte[]> photographs = setting.photographs();
    double[] medians =
        Samples.medians(
            setting.runs(),
            List.of(
                () -> all(preprocessor, photographs, setting.burst()),
                () -> bare(photographs, setting.burst())));
    return List.of(
        Figure.of(
            "decode", medians[0], "images/s", "the JDK's decoder, to its own size", medians[1]));
  }

  private static double all(Preprocessor preprocessor, List<byte[]> photographs, double seconds) {
    Iterator<byte[]> images = round(photographs);
    return Samples.rate(
        seconds,
        () -> {
          try {
            preprocessor.pixels(images.next());
          } catch (InvalidImageException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static double bare(List<byte[]> photographs, double seconds) {
    Iterator<byte[]> images = round(photographs);
    return Samples.rate(
        seconds,
        () -> {
          try {
            ImageIO.read(new ByteArrayInputStream(images.next()));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** All of them, over and over. */
  private static <T> Iterator<T> round(List<T> list) {
    return Stream.generate(list::stream).flatMap(stream -> stream).iterator();
  }
}
