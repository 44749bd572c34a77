package io.gripstream.workshop.bench;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.follow.Follower;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Watches a topic of predictions, as they become visible to read_committed consumers. */
final class Predictions implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Hears of each prediction, in one thread. */
  interface Listener {
    /**
     * @param nanoTime when it became visible
     */
    void seen(ConsumerRecord<byte[], byte[]> prediction, long nanoTime);
  }

  private final Follower follower;
  private long count;
  private long lastSeen = System.nanoTime();

  Predictions(KafkaClients clients, String topic, Listener listener) {
    this.follower =
        new Follower(
            clients,
            topic,
            Follower.ALL,
            prediction -> {
              long now = System.nanoTime();
              listener.seen(prediction, now);
              saw(now);
            });
    follower.require(follower::awaitPlace, TIMEOUT);
  }

  private synchronized void saw(long now) {
    count++;
    lastSeen = now;
    notifyAll();
  }

  /** How many were seen, and when the last. */
  record Count(long predictions, long nanoTime) {}

  /**
   * Waits until so many were seen.
   *
   * @throws IllegalStateException when none comes any more
   */
  Count await(long least) throws InterruptedException {
    return await(() -> count >= least, least + " predictions");
  }

  /** Waits until a wish holds that the listener makes true. */
  synchronized Count await(BooleanSupplier wish, String what) throws InterruptedException {
    lastSeen = Math.max(lastSeen, System.nanoTime());
    while (!wish.getAsBoolean()) {
      if (follower.skipped() > 0) {
        throw new IllegalStateException("a prediction could not be read: see the log");
      }
      if (System.nanoTime() - lastSeen > TIMEOUT.toNanos()) {
        throw new IllegalStateException(
            "%s expected, %d came, and then none for %s".formatted(what, count, TIMEOUT));
      }
      wait(1000);
    }
    return new Count(count, lastSeen);
  }

  @Override
  public void close() {
    follower.close();
  }
}
