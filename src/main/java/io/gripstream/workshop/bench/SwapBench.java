package io.gripstream.workshop.bench;

import io.gripstream.clip.TorchClip;
import io.gripstream.event.PromptVersion;
import io.gripstream.labeler.Labeler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * From a prompt's publication to its first prediction being visible, while the labeler is fully
 * loaded and while it is nearly idle; and what swapping costs in images a second.
 */
final class SwapBench implements Benchmark {
  private static final long BETWEEN_MILLIS = 250;
  private static final int AT_REST = 30;
  private static final int TRICKLE = 200;

  @Override
  public List<Figure> run(Setting setting) throws Exception {
    TorchClip model = setting.models().pico();
    List<byte[]> images = Stream.drawings(2_000);
    List<Double> loaded = new ArrayList<>();
    int count = Backlog.count(setting, model, images);
    try (Stream stream = new Stream(setting)) {
      double[] rates =
          Samples.medians(
              setting.runs(),
              List.of(
                  () -> loaded(stream, model, images, count, null),
                  () -> loaded(stream, model, images, count, loaded)));
      double[] idle = idle(stream, model, images);
      double[] swaps = loaded.stream().mapToDouble(Double::doubleValue).toArray();
      setting.say().accept("%d swaps under load".formatted(swaps.length));
      return List.of(
          Figure.of(
              "swap.p99",
              Samples.quantile(swaps, 0.99),
              "ms",
              "p99 of a nearly idle labeler",
              Samples.quantile(idle, 0.99)),
          Figure.of("swap.p50", Samples.median(swaps), "ms", "nearly idle", Samples.median(idle)),
          Figure.of("swap.throughput", rates[1], "images/s", "without swaps", rates[0]));
    }
  }

  /** Publishes versions and hears of the first prediction of each. */
  private static final class Swaps {
    private final Stream stream;
    private final PromptVersion prompt;
    private final Map<Integer, Long> published = new ConcurrentHashMap<>();
    private final Map<Integer, Long> seen = new ConcurrentHashMap<>();
    private volatile int unknown = -1;

    Swaps(Stream stream, TorchClip model) {
      this.stream = stream;
      this.prompt = stream.prompt(model);
      published.put(0, System.nanoTime());
    }

    void next() {
      int version = published.size();
      published.put(version, System.nanoTime());
      stream.publish(PromptVersion.newBuilder(prompt).setVersion(version).build());
      stream.flush();
    }

    void saw(byte[] prediction, long nanoTime) {
      int version = stream.version(prediction);
      if (!published.containsKey(version)) {
        unknown = version;
      }
      seen.putIfAbsent(version, nanoTime);
    }

    boolean saw(int version) {
      return seen.containsKey(version);
    }

    int last() {
      return published.size() - 1;
    }

    /** In milliseconds; a version that the stream was over before is not counted. */
    List<Double> latencies() {
      if (unknown >= 0) {
        throw new IllegalStateException("version %d was never published".formatted(unknown));
      }
      List<Double> latencies = new ArrayList<>();
      for (int version = 1; version <= last(); version++) {
        if (seen.containsKey(version)) {
          latencies.add((seen.get(version) - published.get(version)) / 1e6);
        }
      }
      return latencies;
    }
  }

  /**
   * @param latencies where those of swaps are added; null: there are none
   * @return images a second
   */
  private static double loaded(
      Stream stream, TorchClip model, List<byte[]> images, int count, List<Double> latencies)
      throws Exception {
    stream.begin(model, 1);
    stream.append(images, count);
    Swaps swaps = new Swaps(stream, model);
    CountDownLatch over = new CountDownLatch(1);
    Thread swapper = new Thread(() -> swap(swaps, over), "bench-swaps");
    try (Predictions seen =
            stream.predictions((prediction, nanoTime) -> swaps.saw(prediction.value(), nanoTime));
        Labeler labeler = stream.labeler(model)) {
      Predictions.Count start = seen.await(count / 4);
      if (latencies != null) {
        swapper.start();
      }
      Predictions.Count end = seen.await(count);
      // A short stretch, or one on a busy machine, may be over before its beginning or any swap is
      // seen.
      for (int times = 2;
          end.predictions() == start.predictions()
              || latencies != null && swaps.latencies().isEmpty();
          times++) {
        stream.append(images, count);
        end = seen.await(times * count);
      }
      if (latencies != null) {
        over.countDown();
        swapper.join();
        latencies.addAll(swaps.latencies());
      }
      return (end.predictions() - start.predictions())
          / ((end.nanoTime() - start.nanoTime()) / 1e9);
    }
  }

  private static void swap(Swaps swaps, CountDownLatch over) {
    try {
      while (!over.await(BETWEEN_MILLIS, TimeUnit.MILLISECONDS)) {
        swaps.next();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static double[] idle(Stream stream, TorchClip model, List<byte[]> images)
      throws Exception {
    stream.begin(model, 1);
    Swaps swaps = new Swaps(stream, model);
    CountDownLatch over = new CountDownLatch(1);
    Thread trickle =
        new Thread(
            () -> {
              for (int i = 0; over.getCount() > 0; i++) {
                stream.append("trickle-" + i, images.get(i % images.size()), null);
                LockSupport.parkNanos(1_000_000_000L / TRICKLE);
              }
            },
            "bench-trickle");
    try (Predictions seen =
            stream.predictions((prediction, nanoTime) -> swaps.saw(prediction.value(), nanoTime));
        Labeler labeler = stream.labeler(model)) {
      trickle.start();
      seen.await(TRICKLE);
      for (int i = 0; i < AT_REST; i++) {
        swaps.next();
        int version = swaps.last();
        seen.await(() -> swaps.saw(version), "a prediction of version " + version);
      }
      over.countDown();
      trickle.join();
    }
    return swaps.latencies().stream().mapToDouble(Double::doubleValue).toArray();
  }
}
