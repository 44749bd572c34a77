package io.gripstream.kafka;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * Writes to a topic what was decided by all that is in it, however many processes decide at once.
 *
 * <p>All of them share one transactional id. A new writer fences the one before, then reads to the
 * end of the topic, and only then decides; a writer that was fenced meanwhile cannot commit, and
 * starts over. Who writes otherwise is not held off. Thread-safe.
 */
public final class SoleWriter implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(SoleWriter.class);
  private static final int ATTEMPTS = 10;

  private final KafkaClients clients;
  private final String transactionalId;
  private final Duration patience;
  private final Runnable catchUp;

  /** Held by whoever writes; in the order in which they came. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private KafkaProducer<byte[], byte[]> writer;

  /**
   * @param transactionalId the same in all processes that write so
   * @param patience for the brokers' answers to what is written
   * @param catchUp returns when everything that was committed before it was called is known
   */
  public SoleWriter(
      KafkaClients clients, String transactionalId, Duration patience, Runnable catchUp) {
    this.clients = clients;
    this.transactionalId = transactionalId;
    this.patience = patience;
    this.catchUp = catchUp;
  }

  /**
   * Writes, with one new writer after the other if others write meanwhile, until it is done.
   *
   * @param done whether nothing is left to do, by what is known
   * @param write decides by what is known, and writes in a transaction of the producer, which it
   *     begins and commits; it returns when what it wrote is known, which is a moment after its
   *     commit. What it throws but Kafka's exceptions ends the attempts
   * @throws TimeoutException when others keep writing, or this process does
   * @throws KafkaException when it is not known to be written
   */
  public void write(BooleanSupplier done, Consumer<KafkaProducer<byte[], byte[]>> write) {
    try {
      // While the brokers are away, each would wait for all that came before.
      if (!turn.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException("others write as " + transactionalId);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
    try {
      attempt(done, write);
    } finally {
      turn.unlock();
    }
  }

  private void attempt(BooleanSupplier done, Consumer<KafkaProducer<byte[], byte[]>> write) {
    KafkaException last = null;
    for (int attempt = 0; attempt < ATTEMPTS && !done.getAsBoolean(); attempt++) {
      try {
        if (writer == null) {
          writer =
              clients.producer(
                  transactionalId, new ByteArraySerializer(), new ByteArraySerializer(), patience);
          writer.initTransactions();
        }
        // Nobody of the others can write between this and a commit without fencing this writer.
        catchUp.run();
        if (!done.getAsBoolean()) {
          write.accept(writer);
        }
      } catch (KafkaException e) {
        closeWriter();
        if (!spoilsTheWriterAlone(e)) {
          throw e;
        }
        LOG.debugf(
            e, "Another process has written as %s meanwhile; starting over", transactionalId);
        last = e;
      }
    }
    if (!done.getAsBoolean()) {
      throw new TimeoutException("other processes keep writing as " + transactionalId, last);
    }
  }

  /**
   * Whether a new writer may succeed at once. One that is fenced while its transaction ends does
   * not always hear so: brokers also say that its transaction is in no state to be ended, or that
   * they have failed. Whether it was committed then is seen after the new writer has caught up.
   */
  private static boolean spoilsTheWriterAlone(KafkaException e) {
    Fault fault = Fault.of(e);
    return fault == Fault.FENCED
        || fault == Fault.TRANSIENT
            && !(e instanceof RetriableException || e instanceof InterruptException);
  }

  private void closeWriter() {
    if (writer != null) {
      writer.close(Duration.ZERO);
      writer = null;
    }
  }

  @Override
  public void close() {
    turn.lock();
    try {
      closeWriter();
    } finally {
      turn.unlock();
    }
  }
}
