package io.gripstream.labeler;

import io.gripstream.kafka.loop.TransactionalLoop;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Times images from their record's timestamp until their predictions can be seen, which is after
 * the commit. Holds a number for each image of the transaction at hand. For one thread.
 */
final class EndToEnd {
  private final Timer timer;
  private final LongSupplier clock;
  private final Map<TopicPartition, List<Long>> uncommitted = new HashMap<>();

  /**
   * @param clock milliseconds since 1970, as the records' timestamps
   */
  EndToEnd(Timer timer, LongSupplier clock) {
    this.timer = timer;
    this.clock = clock;
  }

  /** An image has its predictions, which nobody sees yet. */
  void labelled(ConsumerRecord<?, ?> image) {
    // Producers choose the timestamp, and may leave it out.
    if (image.timestamp() >= 0) {
      uncommitted
          .computeIfAbsent(TransactionalLoop.partition(image), any -> new ArrayList<>())
          .add(image.timestamp());
    }
  }

  /** What was labelled of a partition and is not committed is done again, by whomever. */
  void thrownAway(TopicPartition partition) {
    uncommitted.remove(partition);
  }

  /** Everybody sees them. */
  void committed() {
    long now = clock.getAsLong();
    uncommitted
        .values()
        .forEach(
            timestamps ->
                timestamps.forEach(
                    at -> timer.record(Math.max(0, now - at), TimeUnit.MILLISECONDS)));
    uncommitted.clear();
  }
}
