package io.gripstream.refiner;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.loop.GroupPositions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * Writes conclusions: outputs and the consumer's offset in one transaction, which is opened only
 * when everything is at hand, so that no round is too long for it. For one thread.
 */
final class Ledger implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Ledger.class);

  private final KafkaClients clients;
  private final String transactionalId;
  private final GroupPositions positions;
  private Producer<byte[], byte[]> producer;

  /**
   * @param transactionalId unique among the running processes, and the same after a restart
   * @param positions of the consumer's group
   */
  Ledger(KafkaClients clients, String transactionalId, GroupPositions positions) {
    this.clients = clients;
    this.transactionalId = transactionalId;
    this.positions = positions;
  }

  /** How writing went. */
  enum Result {
    WRITTEN,
    /** Nothing was written; the same conclusion can be tried again. */
    TRY_AGAIN,
    /** No broker takes outputs of this size, now or later. */
    TOO_LARGE
  }

  /**
   * Writes a conclusion, unless it was written by an attempt that seemed to fail.
   *
   * @throws KafkaException if no attempt can help ({@link Fault#FATAL})
   */
  Result write(Conclusion conclusion, Consumer<?, ?> consumer) {
    try {
      if (producer == null) {
        producer =
            clients.producer(transactionalId, new ByteArraySerializer(), new ByteArraySerializer());
        // Ends whatever an earlier attempt left open, one way or the other.
        producer.initTransactions();
        if (committed(conclusion, consumer)) {
          return Result.WRITTEN;
        }
      }
      producer.beginTransaction();
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (ProducerRecord<byte[], byte[]> output : conclusion.outputs()) {
        sent.add(producer.send(output));
      }
      OffsetAndMetadata next = new OffsetAndMetadata(conclusion.next());
      sent.add(producer.send(positions.record(conclusion.partition(), next)));
      producer.flush();
      for (Future<RecordMetadata> each : sent) {
        each.get();
      }
      producer.sendOffsetsToTransaction(
          Map.of(conclusion.partition(), next), consumer.groupMetadata());
      producer.commitTransaction();
      return Result.WRITTEN;
    } catch (ExecutionException e) {
      return failed(new KafkaException(e.getCause()), conclusion);
    } catch (InterruptException e) {
      discard();
      throw e;
    } catch (KafkaException e) {
      return failed(e, conclusion);
    } catch (InterruptedException e) {
      discard();
      throw new InterruptException(e);
    }
  }

  private Result failed(KafkaException failure, Conclusion conclusion) {
    discard();
    Fault fault = Fault.of(failure);
    if (fault == Fault.FATAL) {
      throw failure;
    }
    if (fault == Fault.RECORD) {
      return Result.TOO_LARGE;
    }
    LOG.warnf("%s: not written yet: %s", conclusion.about(), Fault.line(failure));
    return Result.TRY_AGAIN;
  }

  private static boolean committed(Conclusion conclusion, Consumer<?, ?> consumer) {
    OffsetAndMetadata offset =
        consumer.committed(Set.of(conclusion.partition())).get(conclusion.partition());
    return offset != null && offset.offset() >= conclusion.next();
  }

  /** A producer's state after a failure is not worth telling apart: its successor cleans up. */
  private void discard() {
    if (producer != null) {
      producer.close(Duration.ZERO);
      producer = null;
    }
  }

  @Override
  public void close() {
    if (producer != null) {
      producer.close();
      producer = null;
    }
  }
}
