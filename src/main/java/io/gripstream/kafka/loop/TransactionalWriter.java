package io.gripstream.kafka.loop;

import io.gripstream.kafka.ClientMeters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.loop.TransactionalLoop.Settings;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * Writes outputs and the offsets that were reached with them, together or not at all.
 *
 * <p>A producer that aborted a transaction writes no other. Kafka's (4.2.1) keeps offsets that a
 * transaction was to commit until a broker confirms them, over an abort, too, and puts them into
 * the next transaction: a group would go on behind records whose outputs were thrown away, or that
 * another member has by now.
 */
final class TransactionalWriter implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TransactionalLoop.class);

  private final KafkaClients clients;
  private final Settings settings;
  private final GroupPositions positions;
  private KafkaProducer<byte[], byte[]> producer;
  private ClientMeters.Binding figures;

  /** The transaction was aborted in order, and nothing of it is left. */
  static final class AbortedException extends Exception {
    private static final long serialVersionUID = 1;

    AbortedException(KafkaException cause) {
      super(cause);
    }
  }

  TransactionalWriter(KafkaClients clients, Settings settings, GroupPositions positions) {
    this.clients = clients;
    this.settings = settings;
    this.positions = positions;
    open();
  }

  private void open() {
    producer =
        clients.producer(
            settings.group() + "-" + settings.instanceId(),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    figures = clients.meters().bind(producer);
  }

  /** Settles what a former session left open, and gives the group the offsets that it lost. */
  void begin() {
    producer.initTransactions();
    try {
      positions.restore(settings.topics());
    } catch (UnknownMemberIdException e) {
      // Nobody else may give offsets to a group at work; its members look for the positions.
      LOG.debugf("%s: %s", settings.role(), e.getMessage());
    }
  }

  /**
   * @param bookmarks what to commit of each partition
   * @param member who has the partitions
   * @throws AbortedException when the outputs are refused, or the group has moved on
   * @throws KafkaException when it is not known what was committed
   */
  void write(
      Collection<ProducerRecord<byte[], byte[]>> outputs,
      Map<TopicPartition, OffsetAndMetadata> bookmarks,
      ConsumerGroupMetadata member)
      throws AbortedException {
    producer.beginTransaction();
    try {
      // Failures to send show in the commit.
      outputs.forEach(producer::send);
      bookmarks.forEach(
          (partition, bookmark) -> producer.send(positions.record(partition, bookmark)));
      producer.sendOffsetsToTransaction(bookmarks, member);
      producer.commitTransaction();
    } catch (KafkaException e) {
      Fault fault = Fault.of(e);
      if (fault == Fault.RECORD || fault == Fault.REBALANCED) {
        producer.abortTransaction();
        close();
        open();
        producer.initTransactions();
        throw new AbortedException(e);
      }
      throw e;
    }
  }

  /** Bytes that an output takes at most. */
  static long size(ProducerRecord<byte[], byte[]> output) {
    long size = 128;
    size += output.key() == null ? 0 : output.key().length;
    size += output.value() == null ? 0 : output.value().length;
    for (Header header : output.headers()) {
      size +=
          header.key().length() * 3L + (header.value() == null ? 0 : header.value().length) + 10;
    }
    return size;
  }

  /** Leaves an open transaction to the next session, or to its timeout. */
  @Override
  public void close() {
    figures.close();
    producer.close(Duration.ZERO);
  }
}
