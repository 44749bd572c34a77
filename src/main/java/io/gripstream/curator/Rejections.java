package io.gripstream.curator;

import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

  private static final Logger LOG = Logger.getLogger(Rejections.class);

  private static final int DEATHS = 3;

  private record Place(String topic, int partition, long offset) {}

  private record Death(int times, String cause) {}

  /** What threads of this process died of: as many as there are such records, so few. */
  private final Map<Place, Death> died = new ConcurrentHashMap<>();

  private final DeadLetters letters;
  private final LetterCounts counts;

  public Rejections(DeadLetters letters, MeterRegistry meters) {
    this.letters = letters;
    this.counts = new LetterCounts(meters, ROLE);
  }

  /** Counts that a thread died of a record. */
  void diedOf(String topic, int partition, long offset, Throwable cause) {
    died.merge(
        new Place(topic, partition, offset),
        new Death(1, cause.toString()),
        (before, now) -> new Death(before.times() + 1, now.cause()));
  }

  /**
   * To be asked before a record changes anything.
   *
   * @throws RejectedRecordException if threads have died of the record {@value #DEATHS} times
   */
  void refuse(String topic, int partition, long offset) {
    if (died.isEmpty()) {
      return;
    }
    Death death = died.get(new Place(topic, partition, offset));
    if (death != null && death.times() >= DEATHS) {
      throw new RejectedRecordException(
          LetterCounts.Reason.FAILED, "it cannot be processed: " + death.cause());
    }
  }

  static Rejections of(Map<String, ?> configs) {
    if (configs.get(CONFIG) instanceof Rejections rejections) {
      return rejections;
    }
    throw new IllegalArgumentException(CONFIG + " is not set");
  }

  List<ProducerRecord<byte[], byte[]>> reject(
      ConsumerRecord<byte[], byte[]> record, RejectedRecordException why) {
    counts.count(why.reason());
    String cause = why.getMessage();
    LOG.warnf(
        "Rejected a record: %s (topic %s, partition %d, offset %d)",
        cause, record.topic(), record.partition(), record.offset());
    return List.of(letters.letter(record, ROLE, cause));
  }
}
