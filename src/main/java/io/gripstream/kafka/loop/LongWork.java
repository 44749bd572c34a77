package io.gripstream.kafka.loop;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Work that may take hours. A {@link TransactionalLoop} runs it on a thread of its own, and stays a
 * member of its group meanwhile.
 */
public interface LongWork {
  /**
   * What came of it.
   *
   * @param outputs what to send
   * @param ifRefused what to send instead when the brokers refuse the outputs for their size or
   *     content; empty: nothing, the record is to blame
   */
  record Outcome(
      List<ProducerRecord<byte[], byte[]>> outputs,
      List<ProducerRecord<byte[], byte[]>> ifRefused) {}

  /**
   * Does the work. What it throws counts as thrown by the handler. Its thread is interrupted when
   * the loop is closed.
   */
  Outcome run() throws Exception;

  /**
   * Nobody waits for it any more: it is to end soon, and what comes of it is thrown away. Called
   * from other threads.
   */
  void abandon();

  /** What it is about, in words. */
  String about();
}
