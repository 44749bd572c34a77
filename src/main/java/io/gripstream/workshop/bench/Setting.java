package io.gripstream.workshop.bench;

import io.gripstream.GripstreamConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * What benchmarks run with.
 *
 * @param config of the labeler
 * @param work where the broker keeps its log; removed by the caller
 * @param photographs encoded images as cameras make them
 * @param runs how often each side is measured after its warm-up
 * @param seconds how long each stretch of a stream lasts, and a soak in all
 * @param brief whether a line for each figure matters more than how exact it is
 * @param say hears what is going on
 */
public record Setting(
    GripstreamConfig config,
    Path work,
    Models models,
    List<byte[]> photographs,
    int runs,
    double seconds,
    boolean brief,
    Consumer<String> say) {

  public Setting {
    photographs = List.copyOf(photographs);
  }

  /** Images that go through the tower together, where streams are compared. */
  int batch() {
    return brief ? 16 : config.labeler().batchSize();
  }

  /** How long something that is done over and over is done for, in seconds. */
  double burst() {
    return seconds / 5;
  }
}
