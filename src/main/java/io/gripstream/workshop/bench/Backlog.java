package io.gripstream.workshop.bench;

import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.Modality;
import io.gripstream.labeler.Labeler;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How fast images that wait already are labelled, and how fast the same work goes without Kafka.
 */
final class Backlog {
  /** The start of a run, in which topics, connections and caches are new, is left out. */
  private static final int START = 4;

  private Backlog() {}

  /** How many images take about a stretch's time; at least some batches of them. */
  static int count(Setting setting, TorchClip model, List<byte[]> images) throws Exception {
    int batch = setting.batch();
    double rate = bare(model, batch, false, images, 2 * START * batch);
    return (int) Math.max(2 * START * batch, rate * setting.seconds());
  }

  /**
   * Where a labeler's time went, in seconds: micro-batches and Kafka take turns; the tower runs in
   * micro-batches or, on a device of its own, beside both.
   */
  private record Spent(double tower, double batches, double all) {
    private static Spent sinceStart(MeterRegistry meters, long nanoTime) {
      return new Spent(
          meters.get("gripstream.labeler.tower").timer().totalTime(TimeUnit.SECONDS),
          meters.get("gripstream.labeler.batch").timer().totalTime(TimeUnit.SECONDS),
          nanoTime / 1e9);
    }

    private String since(Spent start) {
      double elapsed = all - start.all;
      double inTower = (tower - start.tower) / elapsed;
      double inBatches = (batches - start.batches) / elapsed;
      return "%2.0f %% tower, %2.0f %% micro-batches, %2.0f %% Kafka"
          .formatted(100 * inTower, 100 * inBatches, 100 * (1 - inBatches));
    }
  }

  /**
   * From topic to topic.
   *
   * @param modality of all tasks
   * @param say hears what the labeler's time went into
   * @return images a second
   */
  static double labelled(
      Stream stream,
      TorchClip model,
      int tasks,
      Modality modality,
      List<byte[]> images,
      int count,
      Consumer<String> say)
      throws Exception {
    stream.begin(model, tasks, modality);
    stream.append(images, count);
    long all = (long) count * tasks;
    MeterRegistry meters = new SimpleMeterRegistry();
    try (Predictions seen = stream.predictions((prediction, nanoTime) -> {});
        Labeler labeler = stream.labeler(model, meters)) {
      Predictions.Count start = seen.await(all / START);
      Spent before = Spent.sinceStart(meters, start.nanoTime());
      Predictions.Count end = seen.await(all);
      // A short stretch may be over before its beginning is seen.
      for (int times = 2; end.predictions() == start.predictions(); times++) {
        stream.append(images, count);
        end = seen.await(times * all);
      }
      say.accept(
          "%d images, %d %s tasks: %s"
              .formatted(
                  count, tasks, modality, Spent.sinceStart(meters, end.nanoTime()).since(before)));
      return (double) (end.predictions() - start.predictions())
          / tasks
          / ((end.nanoTime() - start.nanoTime()) / 1e9);
    }
  }

  /**
   * Decoding in as many threads as there are processors, and then the tower.
   *
   * @param ahead whether the next batch is decoded while the tower runs
   * @return images a second
   */
  static double bare(TorchClip model, int batch, boolean ahead, List<byte[]> images, int count)
      throws Exception {
    Preprocessor preprocessor = new Preprocessor(model.preprocessing());
    ExecutorService workers =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<byte[]>> next = List.of();
      long start = 0;
      int skipped = 0;
      for (int done = 0; done < count; ) {
        int to = Math.min(count, done + batch);
        List<Future<byte[]>> now =
            next.isEmpty() ? decode(workers, preprocessor, images, done, to) : next;
        next =
            ahead
                ? decode(workers, preprocessor, images, to, Math.min(count, to + batch))
                : List.of();
        List<byte[]> pixels = new ArrayList<>();
        for (Future<byte[]> image : now) {
          pixels.add(image.get());
        }
        model.encodeImages(pixels);
        done = to;
        if (start == 0 && done >= count / START) {
          start = System.nanoTime();
          skipped = done;
        }
      }
      return (count - skipped) / ((System.nanoTime() - start) / 1e9);
    } finally {
      workers.shutdownNow();
    }
  }

  private static List<Future<byte[]>> decode(
      ExecutorService workers, Preprocessor preprocessor, List<byte[]> images, int from, int to) {
    List<Future<byte[]>> decoding = new ArrayList<>();
    for (int i = from; i < to; i++) {
      byte[] image = images.get(i % images.size());
      Callable<byte[]> work =
          () -> {
            try {
              return preprocessor.pixels(image);
            } catch (InvalidImageException e) {
              throw new IllegalStateException(e);
            }
          };
      decoding.add(workers.submit(work));
    }
    return decoding;
  }
}
