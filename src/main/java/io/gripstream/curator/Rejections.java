package io.gripstream.curator;

import io.gripstream.messaging.DeadLetters;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jboss.logging.Logger;

/**
 * What happens to a record that cannot be processed: a dead letter in the same transaction as the
 * rest, a count, and a warning that says where it was.
 *
 * <p>Kafka Streams makes its exception handlers itself; they find this one in their configuration
 * under {@link #CONFIG}.
 */
public final class Rejections {
  static final String CONFIG = "gripstream.curator.rejections";
  static final String ROLE = "curator";
  static final String METER = "gripstream.curator.rejected";

  private static final Logger LOG = Logger.getLogger(Rejections.class);

  private final DeadLetters letters;
  private final MeterRegistry meters;

  public Rejections(DeadLetters letters, MeterRegistry meters) {
    this.letters = letters;
    this.meters = meters;
  }

  static Rejections of(Map<String, ?> configs) {
    if (configs.get(CONFIG) instanceof Rejections rejections) {
      return rejections;
    }
    throw new IllegalArgumentException(CONFIG + " is not set");
  }

  List<ProducerRecord<byte[], byte[]>> reject(ConsumerRecord<byte[], byte[]> record, String cause) {
    meters.counter(METER, "topic", record.topic()).increment();
    LOG.warnf(
        "Rejected a record: %s (topic %s, partition %d, offset %d)",
        cause, record.topic(), record.partition(), record.offset());
    return List.of(letters.letter(record, ROLE, cause));
  }
}
