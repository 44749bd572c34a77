package io.gripstream.kafka.loop;

import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Is told what a {@link TransactionalLoop} does, in the loop's thread; for metrics. Must not throw.
 */
public interface LoopListener {
  LoopListener NONE = new LoopListener() {};

  /** The handler took some records; whether for good shows when they are committed. */
  default void handled(int records, int outputs, Duration took) {}

  /** A transaction was committed that holds what came of so many records. */
  default void committed(int records) {}

  /** What was handled and is not known to be committed is given back, to be handled again. */
  default void thrownAway() {}

  /** The loop, not the handler, has given a record up; its letter is about to be committed. */
  default void isolated(ConsumerRecord<byte[], byte[]> record, Throwable cause) {}

  /** Retention has removed so many records that were still to be read. */
  default void removed(long records) {}

  /** Something failed and is tried again. */
  default void failed(Throwable cause) {}
}
