package io.gripstream.refiner;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * What a round, or a record that is none, came to: outputs and progress that belong together, to be
 * written in one transaction.
 *
 * @param next where the partition goes on
 * @param ifTooLarge what to write instead when no broker takes the outputs
 * @param about what it is about, for the log
 */
record Conclusion(
    TopicPartition partition,
    long next,
    List<ProducerRecord<byte[], byte[]>> outputs,
    List<ProducerRecord<byte[], byte[]>> ifTooLarge,
    String about) {

  static Conclusion of(
      TopicPartition partition, long next, ProducerRecord<byte[], byte[]> output, String about) {
    return new Conclusion(partition, next, List.of(output), List.of(), about);
  }

  /** The same, with what is written when the outputs are too large. */
  Conclusion smaller() {
    return new Conclusion(partition, next, ifTooLarge, List.of(), about);
  }
}
