package io.gripstream.workshop.bench;

import io.gripstream.clip.TorchClip;
import io.gripstream.labeler.Labeler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether memory stays flat at full load: the resident set and the native arrays over time, as a
 * slope.
 */
final class SoakBench implements Benchmark {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int BACKLOG = 8_000;
  private static final long BETWEEN_NANOS = 2_000_000_000L;
  private static final double LEAST_SECONDS = 12;

  /** A slope takes some. */
  private static final int LEAST_POINTS = 3;

  private static final int SAY_EVERY = 25;

  /** Heaps, caches and compiled code fill up first. */
  private static final double WARM_UP = 0.5;

  /**
   * At one time.
   *
   * @param resident in MiB
   * @param anonymous the part of it that is no mapped file, in MiB
   * @param heap what the JVM has reserved of its own, in MiB
   * @param arrays that the model's scope holds
   */
  private record Point(
      double seconds, double resident, double anonymous, double heap, double arrays) {

    private static Point now(double seconds, TorchClip model) throws IOException {
      return new Point(
          seconds,
          status("VmRSS:"),
          status("RssAnon:"),
          Runtime.getRuntime().totalMemory() / 1024.0 / 1024,
          model.nativeArrays());
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%5.0f s: %5.0f MiB resident, %5.0f of them anonymous; heap %4.0f MiB; %3.0f arrays",
          seconds,
          resident,
          anonymous,
          heap,
          arrays);
    }
  }

  @Override
  public List<Figure> run(Setting setting) throws Exception {
    TorchClip model = setting.models().pico();
    List<byte[]> images = Stream.drawings(2_000);
    List<Point> points = new ArrayList<>();
    AtomicLong labelled = new AtomicLong();
    double seconds = Math.max(LEAST_SECONDS, setting.seconds());
    try (Stream stream = new Stream(setting)) {
      stream.begin(model, 1);
      try (Predictions seen =
              stream.predictions((prediction, nanoTime) -> labelled.incrementAndGet());
          Labeler labeler = stream.labeler(model)) {
        long start = System.nanoTime();
        long appended = 0;
        long nextPoint = start;
        while (System.nanoTime() - start < seconds * 1e9
            || settled(points, seconds).size() < LEAST_POINTS) {
          // Always more than the labeler fetches at a time.
          stream.append(images, BACKLOG / 4);
          appended += BACKLOG / 4;
          long least = appended - BACKLOG;
          seen.await(() -> labelled.get() >= least, "%d predictions".formatted(least));
          long now = System.nanoTime();
          if (now >= nextPoint) {
            nextPoint = now + BETWEEN_NANOS;
            points.add(Point.now((now - start) / 1e9, model));
            if (points.size() % SAY_EVERY == 1) {
              setting.say().accept(points.get(points.size() - 1).toString());
            }
          }
        }
        setting
            .say()
            .accept(
                "%d images in %.0f s, %d points in time"
                    .formatted(labelled.get(), seconds, points.size()));
      }
    }
    List<Point> settled = settled(points, seconds);
    double[] resident = line(settled, settled.stream().mapToDouble(Point::resident).toArray());
    double[] outside =
        line(settled, settled.stream().mapToDouble(p -> p.resident() - p.heap()).toArray());
    double[] arrays = line(settled, settled.stream().mapToDouble(Point::arrays).toArray());
    return List.of(
        Figure.of("soak.rss.slope", resident[1] * 3600, "MiB/h", "resident, MiB", resident[0]),
        Figure.of(
            "soak.native.slope", outside[1] * 3600, "MiB/h", "without the heap, MiB", outside[0]),
        Figure.of("soak.arrays.slope", arrays[1] * 3600, "arrays/h", "native arrays", arrays[0]));
  }

  /** Those after the warm-up. */
  private static List<Point> settled(List<Point> points, double seconds) {
    return points.stream().filter(point -> point.seconds() >= WARM_UP * seconds).toList();
  }

  /** The least-squares line: its middle and its slope a second. */
  private static double[] line(List<Point> points, double[] values) {
    double time = points.stream().mapToDouble(Point::seconds).average().orElseThrow();
    double middle = Arrays.stream(values).average().orElseThrow();
    double products = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      double offset = points.get(i).seconds() - time;
      products += offset * (values[i] - middle);
      squares += offset * offset;
    }
    return new double[] {middle, products / squares};
  }

  /** In MiB. */
  private static double status(String name) throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(STATUS + " has no " + name));
  }
}
