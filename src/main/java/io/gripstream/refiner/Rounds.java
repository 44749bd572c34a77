package io.gripstream.refiner;

import io.gripstream.event.RefinementBatch;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.LetterCounts;
import io.gripstream.kafka.loop.LongWork;
import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refiner.RoundAssembler.Broken;
import io.gripstream.refiner.RoundAssembler.Complete;
import io.gripstream.refiner.RoundAssembler.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Makes rounds of the chunks of batches: long work where a batch is whole, a diary entry where it
 * cannot become that, a dead letter where a record is no chunk.
 *
 * <p>No batch is passed before it is concluded: until its last chunk has been handled, what is
 * committed is the offset of its first, and whoever goes on begins there.
 *
 * <pre>
 *   committed offset  the first chunk of the batch that is not whole yet, or the next record
 *   its metadata      head, /losses, space, broken
 *     head            records in front of it that are no chunks have their letters
 *     losses          how many processes lost their device at the next round; absent: none
 *     broken          the round that was last reported not to be whole; empty: none was
 * </pre>
 *
 * <p>For the loop's thread.
 */
final class Rounds implements TransactionalLoop.Handler {
  private static final Logger LOG = Logger.getLogger(Rounds.class);
  private static final Pattern METADATA =
      Pattern.compile("(\\d{1,18})(?:/(\\d{1,4}))?(?: (.*))?", Pattern.DOTALL);

  /** How often a process may lose its device at a round before the round is given up. */
  static final int MOST_LOSSES = 5;

  private final Deserializer<RefinementBatch> chunks;
  private final RoundWorker worker;
  private final Diary diary;
  private final DeadLetters deadLetters;
  private final RefinerMetrics metrics;
  private final Map<TopicPartition, Place> places = new HashMap<>();
  private Optional<LongWork> round = Optional.empty();

  Rounds(
      Deserializer<RefinementBatch> chunks,
      RoundWorker worker,
      Diary diary,
      DeadLetters deadLetters,
      RefinerMetrics metrics) {
    this.chunks = chunks;
    this.worker = worker;
    this.diary = diary;
    this.deadLetters = deadLetters;
    this.metrics = metrics;
  }

  /** Where a partition stands. */
  private static final class Place {
    private final RoundAssembler assembler;
    private long head;
    private int losses;

    /** From where on the next member would have to begin; empty: behind what was handled. */
    private OptionalLong open = OptionalLong.empty();

    /** The chunk that has to be handed in again; empty: none has. */
    private OptionalLong again = OptionalLong.empty();

    Place(long head, int losses, String lastBroken) {
      this.head = head;
      this.losses = losses;
      this.assembler = new RoundAssembler(lastBroken);
    }

    static Place of(OffsetAndMetadata committed) {
      String metadata = committed == null ? "" : committed.metadata();
      Matcher parts = METADATA.matcher(metadata);
      if (!parts.matches()) {
        return new Place(0, 0, "");
      }
      return new Place(
          Long.parseLong(parts.group(1)),
          parts.group(2) == null ? 0 : Integer.parseInt(parts.group(2)),
          parts.group(3) == null ? "" : parts.group(3));
    }

    String metadata() {
      return head + (losses == 0 ? "" : "/" + losses) + " " + assembler.lastBroken();
    }
  }

  @Override
  public void restore(TopicPartition partition, OffsetAndMetadata committed) {
    places.put(partition, Place.of(committed));
  }

  @Override
  public OffsetAndMetadata bookmark(TopicPartition partition, OffsetAndMetadata next) {
    Place place = place(partition);
    return place.open.isPresent()
        ? new OffsetAndMetadata(place.open.getAsLong(), place.metadata())
        : new OffsetAndMetadata(next.offset(), next.leaderEpoch(), place.metadata());
  }

  @Override
  public Optional<OffsetAndMetadata> lastWords(OffsetAndMetadata committed, Throwable failure) {
    if (!Fault.isLostDevice(failure)) {
      return Optional.empty();
    }
    Place place = Place.of(committed);
    place.losses++;
    return Optional.of(
        new OffsetAndMetadata(committed.offset(), committed.leaderEpoch(), place.metadata()));
  }

  @Override
  public OptionalLong goBack(TopicPartition partition) {
    Place place = place(partition);
    OptionalLong again = place.again;
    place.again = OptionalLong.empty();
    return again;
  }

  private Place place(TopicPartition partition) {
    return places.computeIfAbsent(partition, any -> Place.of(null));
  }

  @Override
  public List<ProducerRecord<byte[], byte[]>> handle(List<ConsumerRecord<byte[], byte[]>> records) {
    ConsumerRecord<byte[], byte[]> record = records.get(0);
    Place place = place(TransactionalLoop.partition(record));
    round = Optional.empty();
    RefinementBatch chunk;
    try {
      chunk = chunks.deserialize(record.topic(), record.headers(), record.value());
      if (chunk == null) {
        throw new SerializationException("there is no value");
      }
    } catch (RuntimeException | StackOverflowError e) {
      if (Fault.of(e) != Fault.RECORD) {
        throw e;
      }
      return letter(record, place, e);
    }
    Optional<Step> step = place.assembler.add(chunk);
    if (place.assembler.isEmpty()) {
      place.open = OptionalLong.empty();
    } else if (place.open.isEmpty()) {
      place.open = OptionalLong.of(record.offset());
    }
    if (step.isEmpty()) {
      return List.of();
    }
    int losses = place.losses;
    place.losses = 0;
    if (step.get() instanceof Broken broken) {
      return report(record, place, broken);
    }
    RoundBatch batch = ((Complete) step.get()).batch();
    if (losses >= MOST_LOSSES) {
      String reason = "%d processes lost their device at it".formatted(losses);
      LOG.errorf("round %d of %s: %s", batch.round(), batch.task(), reason);
      return List.of(diary.failed(batch.task(), batch.round(), batch.version(), reason));
    }
    round = Optional.of(worker.job(batch, record.headers()));
    return List.of();
  }

  @Override
  public void isolated(ConsumerRecord<byte[], byte[]> record) {
    Place place = place(TransactionalLoop.partition(record));
    place.head = Math.max(place.head, record.offset() + 1);
    place.again = OptionalLong.empty();
    if (place.assembler.isEmpty()) {
      place.open = OptionalLong.empty();
    }
  }

  @Override
  public boolean seen(ConsumerRecord<byte[], byte[]> record) {
    return record.offset() < place(TransactionalLoop.partition(record)).head;
  }

  @Override
  public Optional<LongWork> longWork() {
    return round;
  }

  private List<ProducerRecord<byte[], byte[]>> letter(
      ConsumerRecord<byte[], byte[]> record, Place place, Throwable cause) {
    if (seen(record)) {
      return List.of();
    }
    place.head = record.offset() + 1;
    LOG.errorf(
        "dead letter: %s-%d@%d: %s",
        record.topic(), record.partition(), record.offset(), cause.getMessage());
    metrics.deadLetters.count(LetterCounts.Reason.MALFORMED);
    return List.of(
        deadLetters.letter(record, Refiner.ROLE, "not a chunk of a batch: " + cause.getMessage()));
  }

  private List<ProducerRecord<byte[], byte[]>> report(
      ConsumerRecord<byte[], byte[]> record, Place place, Broken broken) {
    LOG.errorf("round %d of %s: %s", broken.round(), broken.task(), broken.reason());
    if (broken.again()) {
      place.open = OptionalLong.of(record.offset());
      place.again = place.open;
    }
    return List.of(diary.failed(broken.task(), broken.round(), broken.version(), broken.reason()));
  }
}
