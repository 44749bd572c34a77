package io.gripstream.workshop.bench;

import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.Modality;
import io.gripstream.labeler.LabelNow.Labelled;
import io.gripstream.labeler.LabelNow.Outcome;
import io.gripstream.labeler.Labeler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * From topic to topic, exactly once, against the same decoding and encoding without Kafka; and at
 * half of that rate, how long an image takes from being appended to its prediction being visible.
 * Last, how long one image takes that is labelled while one waits.
 */
final class LabelBench implements Benchmark {
  /** Fits the processor's caches where a full one does not. */
  private static final int SMALL_BATCH = 16;

  /** Single images asked for in a second, beside the stream. */
  private static final int ASKED = 20;

  @Override
  public List<Figure> run(Setting setting) throws Exception {
    List<Figure> figures = new ArrayList<>();
    try (Stream stream = new Stream(setting)) {
      figures.addAll(
          measure(
              setting, stream, "label.vitb32", setting.models().large(), setting.photographs()));
      figures.addAll(
          measure(setting, stream, "label.pico", setting.models().pico(), Stream.drawings(2_000)));
      figures.addAll(now(stream, setting.models().pico(), Stream.drawings(200), setting));
    }
    return figures;
  }

  private static List<Figure> measure(
      Setting setting, Stream stream, String name, TorchClip model, List<byte[]> images)
      throws Exception {
    int count = Backlog.count(setting, model, images);
    int batch = setting.batch();
    double[] medians =
        Samples.medians(
            setting.runs(),
            List.of(
                () ->
                    Backlog.labelled(stream, model, 1, Modality.TEXT, images, count, setting.say()),
                () -> Backlog.bare(model, batch, true, images, count),
                () -> Backlog.bare(model, batch, false, images, count),
                () -> Backlog.bare(model, SMALL_BATCH, false, images, count)));
    double bare = Math.max(medians[1], Math.max(medians[2], medians[3]));
    double[] latencies = latencies(stream, model, images, medians[0] / 2, setting.seconds());
    return List.of(
        Figure.of(name, medians[0], "images/s", "the bare pipeline at its best", bare),
        Figure.of(
            name + ".p99",
            Samples.quantile(latencies, 0.99),
            "ms",
            "the median, at half the rate",
            Samples.median(latencies)));
  }

  private static List<Figure> now(
      Stream stream, TorchClip model, List<byte[]> images, Setting setting) throws Exception {
    Preprocessor preprocessor = new Preprocessor(model.preprocessing());
    double[] tower = new double[images.size()];
    double[] idle = new double[images.size()];
    double[] busy = new double[(int) Math.max(100, setting.seconds() * ASKED)];
    int count = Backlog.count(setting, model, images);
    double half =
        Backlog.labelled(stream, model, 1, Modality.TEXT, images, count, setting.say()) / 2;
    stream.begin(model, 1);
    try (Predictions seen = stream.predictions((prediction, nanoTime) -> {});
        Labeler labeler = stream.labeler(model)) {
      stream.append(images, 1);
      seen.await(1);
      // Once to warm up, and in turns, so that a busy moment of the machine hits both.
      for (int run = 0; run < 2; run++) {
        for (int i = 0; i < images.size(); i++) {
          List<byte[]> pixels = List.of(preprocessor.pixels(images.get(i)));
          long started = System.nanoTime();
          model.encodeImages(pixels);
          tower[i] = (System.nanoTime() - started) / 1e6;
          idle[i] = ask(stream, labeler, images.get(i));
        }
      }
      CountDownLatch over = new CountDownLatch(1);
      Thread load =
          new Thread(
              () -> {
                long start = System.nanoTime();
                for (int i = 0; over.getCount() > 0; i++) {
                  LockSupport.parkNanos(start + (long) (i * 1e9 / half) - System.nanoTime());
                  stream.append("load-" + i, images.get(i % images.size()), null);
                }
              },
              "bench-load");
      load.start();
      long start = System.nanoTime();
      for (int i = 0; i < busy.length; i++) {
        LockSupport.parkNanos(start + i * 1_000_000_000L / ASKED - System.nanoTime());
        busy[i] = ask(stream, labeler, images.get(i % images.size()));
      }
      over.countDown();
      load.join();
    }
    return List.of(
        Figure.of(
            "label.now",
            Samples.median(idle),
            "ms",
            "the tower's own time for one image",
            Samples.median(tower)),
        Figure.of(
            "label.now.p99",
            Samples.quantile(busy, 0.99),
            "ms",
            "the median, while the stream has half the rate",
            Samples.median(busy)));
  }

  /** In milliseconds, from the encoded image to its labels. */
  private static double ask(Stream stream, Labeler labeler, byte[] image) throws Exception {
    long started = System.nanoTime();
    Outcome outcome = labeler.now().label(stream.task(), Stream.event(image)).get();
    double elapsed = (System.nanoTime() - started) / 1e6;
    if (!(outcome instanceof Labelled)) {
      throw new IllegalStateException("an image was not labelled: " + outcome);
    }
    return elapsed;
  }

  /** In milliseconds, from the broker's acknowledgement to the reader's poll. */
  private static double[] latencies(
      Stream stream, TorchClip model, List<byte[]> images, double rate, double seconds)
      throws Exception {
    stream.begin(model, 1);
    int count = (int) Math.max(20, rate * seconds);
    Map<String, Long> appended = new ConcurrentHashMap<>();
    Map<String, Long> visible = new ConcurrentHashMap<>();
    try (Predictions seen =
            stream.predictions(
                (prediction, nanoTime) ->
                    visible.put(new String(prediction.key(), StandardCharsets.UTF_8), nanoTime));
        Labeler labeler = stream.labeler(model)) {
      stream.append(images, 1);
      seen.await(1);
      long start = System.nanoTime();
      for (int i = 1; i <= count; i++) {
        LockSupport.parkNanos(start + (long) (i * 1e9 / rate) - System.nanoTime());
        String id = "paced-" + i;
        stream.append(
            id,
            images.get(i % images.size()),
            (metadata, failure) -> appended.put(id, System.nanoTime()));
      }
      seen.await(1 + count);
    }
    return appended.entrySet().stream()
        .mapToDouble(entry -> (visible.get(entry.getKey()) - entry.getValue()) / 1e6)
        .toArray();
  }
}
