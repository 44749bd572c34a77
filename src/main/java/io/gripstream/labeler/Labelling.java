package io.gripstream.labeler;

import io.gripstream.event.ImageEvent;
import io.gripstream.image.ImageReader;
import io.gripstream.image.ImageReader.Image;
import io.gripstream.image.RejectedImageException;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts.Reason;
import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.labeler.Assignment.Away;
import io.gripstream.labeler.Assignment.Label;
import io.gripstream.labeler.Assignment.Refuse;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import io.gripstream.labeler.PromptBoard.Snapshot;
import io.gripstream.labeler.TowerPasses.Early;
import io.gripstream.labeler.TowerPasses.Features;
import io.gripstream.labeler.TowerPasses.Input;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Labels one micro-batch: every record in ends as predictions or as a dead letter, or waits aside
 * for its prompt or its place. The prompts are read once, for all tasks, and so is every image. For
 * one thread.
 */
final class Labelling {
  private static final Logger LOG = Logger.getLogger(Labelling.class);

  private final Deserializer<ImageEvent> events;
  private final PromptBoard board;
  private final Runnable catchUpOnTasks;
  private final Assignment assignment;
  private final SetAside aside;
  private final LongSupplier nanoTime;
  private final ImageReader reader;
  private final Readings readings;
  private final TowerPasses tower;
  private final LabelRecords records;
  private final DeadLetters deadLetters;
  private final LabelerMetrics metrics;
  private final EndToEnd endToEnd;
  private final ImageSpans spans;
  private final int earlyPass;

  private List<ConsumerRecord<byte[], byte[]>> expected = List.of();
  private Map<ConsumerRecord<byte[], byte[]>, Ahead> begun = Map.of();

  /**
   * @param catchUpOnTasks returns when the board has seen every task that was defined before the
   *     call
   * @param aside of the same board and assignment, and of these readings
   * @param nanoTime the board's clock
   * @param reader of images that events carry
   * @param readings of those that they name
   * @param earlyPass where the tower has a device of its own, how many images go through it
   *     together before their turn; 0: it computes on the processors, and the next images are read
   *     only when it has run
   */
  Labelling(
      Deserializer<ImageEvent> events,
      PromptBoard board,
      Runnable catchUpOnTasks,
      Assignment assignment,
      SetAside aside,
      LongSupplier nanoTime,
      ImageReader reader,
      Readings readings,
      TowerPasses tower,
      LabelRecords records,
      DeadLetters deadLetters,
      LabelerMetrics metrics,
      EndToEnd endToEnd,
      ImageSpans spans,
      int earlyPass) {
    this.events = events;
    this.board = board;
    this.catchUpOnTasks = catchUpOnTasks;
    this.assignment = assignment;
    this.aside = aside;
    this.nanoTime = nanoTime;
    this.reader = reader;
    this.readings = readings;
    this.tower = tower;
    this.records = records;
    this.deadLetters = deadLetters;
    this.metrics = metrics;
    this.endToEnd = endToEnd;
    this.spans = spans;
    this.earlyPass = earlyPass;
  }

  /** An event that carries its image, which is read before its turn. */
  private record Ahead(Arrival arrival, Early image) {}

  /** An event, and what becomes of it as far as prompts decide that. */
  private record Judged(Arrival arrival, Verdict verdict) {}

  /** An event on its way through the tower. */
  private record Work(Arrival arrival, Label label, Early early, Image image) {}

  private record Refused(ConsumerRecord<byte[], byte[]> record, Reason reason, String cause) {}

  /** Hears which records come next, in order; the latest call counts. */
  void expect(List<ConsumerRecord<byte[], byte[]>> next) {
    expected = next;
  }

  /** Other members have these partitions now. */
  void forget(Collection<TopicPartition> partitions) {
    aside.forget(partitions);
    readings.forget(partitions);
  }

  /** A record has a dead letter, and is passed. */
  void forget(ConsumerRecord<byte[], byte[]> record) {
    readings.forget(record);
  }

  /**
   * @param timeout how long to wait for the first prompt of all, which events that name no task
   *     need
   * @return what to send
   * @throws AwaitedException when it is still missing, or too much waits aside; the same records
   *     are to be handed in again later
   */
  List<ProducerRecord<byte[], byte[]>> label(
      List<ConsumerRecord<byte[], byte[]>> batch, Duration timeout) throws InterruptedException {
    List<Arrival> arrivals = new ArrayList<>();
    List<Arrival> done = new ArrayList<>();
    List<Refused> refused = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : batch) {
      try {
        Ahead ahead = begun.get(record);
        Arrival arrival = ahead == null ? Arrival.parse(record, events) : ahead.arrival();
        if (aside.due(arrival)) {
          arrivals.add(arrival);
        } else if (aside.waitsForPlace(arrival)) {
          readings.meanwhile(arrival);
        }
      } catch (RejectedEventException e) {
        if (!aside.seen(record)) {
          refused.add(new Refused(record, Reason.MALFORMED, e.getMessage()));
        }
      }
    }
    boolean others = !arrivals.isEmpty() || !refused.isEmpty();
    batch.stream()
        .collect(Collectors.toMap(TransactionalLoop::partition, record -> record, (a, b) -> b))
        .values()
        .forEach(record -> aside.requireRoom(record, others));
    List<Judged> judged = judge(arrivals, timeout);
    spans.begin(
        Stream.concat(
            refused.stream().map(Refused::record),
            judged.stream()
                .filter(one -> !(one.verdict() instanceof Wait))
                .map(one -> one.arrival().record())),
        batch.size());
    try {
      SetAside.Draft draft = aside.draft();
      List<ProducerRecord<byte[], byte[]>> outputs =
          outputs(batch.size(), refused, judged, draft, done);
      draft.adopt();
      done.forEach(arrival -> readings.forget(arrival.record()));
      spans.handled();
      return outputs;
    } catch (Throwable e) {
      spans.failed(e);
      throw e;
    }
  }

  /**
   * @param refused records of the batch that are no image events; takes those whose images cannot
   *     be had
   * @param judged the others
   * @param done takes the events that do not wait for their image any more
   */
  private List<ProducerRecord<byte[], byte[]>> outputs(
      int batch,
      List<Refused> refused,
      List<Judged> judged,
      SetAside.Draft draft,
      List<Arrival> done)
      throws InterruptedException {
    long started = System.nanoTime();
    List<Early> reading = read(judged);
    if (earlyPass > 0) {
      begun = readAhead(batch);
    }
    List<Work> images = decode(judged, reading, draft, refused, done);
    List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>();
    refused.forEach(one -> spans.refuse(one.record(), one.cause()));
    spans.reach("decoded");
    if (!images.isEmpty()) {
      List<Features> features =
          tower.encode(
              images.stream()
                  .map(i -> new Input(i.image().pixels(), i.label().tasks(), i.early().plain()))
                  .toList());
      spans.reach("encoded");
      if (earlyPass == 0) {
        begun = readAhead(batch);
      }
      List<List<Verdicts.Verdict>> classified = classify(images, features);
      spans.reach("classified");
      for (int i = 0; i < images.size(); i++) {
        Work work = images.get(i);
        records.write(
            work.arrival(),
            work.image().sha256(),
            work.label().tasks(),
            features.get(i).plain(),
            classified.get(i),
            spans.of(work.arrival().record()),
            outputs::add);
        metrics.predictions.increment(work.label().tasks().size());
      }
      metrics.imagesLabelled.increment(images.size());
    }
    metrics.batch.record(Duration.ofNanos(System.nanoTime() - started));
    // Only now is it sure that the batch is not handed in again.
    refused.forEach(one -> outputs.add(letter(one)));
    images.forEach(image -> endToEnd.labelled(image.arrival().record()));
    return outputs;
  }

  private static List<List<Verdicts.Verdict>> classify(List<Work> images, List<Features> features) {
    List<Verdicts.Input> inputs = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      inputs.add(new Verdicts.Input(features.get(i), images.get(i).label().tasks()));
    }
    return Verdicts.of(inputs);
  }

  /** What becomes of the arrivals as far as prompts decide it, under one snapshot; in order. */
  private List<Judged> judge(List<Arrival> arrivals, Duration timeout) throws InterruptedException {
    Snapshot known = board.snapshot();
    if (arrivals.stream().flatMap(a -> a.tasks().stream()).anyMatch(t -> !known.defines(t))) {
      // The two topics are not ordered among each other: the task may have been defined before the
      // image was sent, and be
      // heard of after it.
      catchUpOnTasks.run();
    }
    boolean anyTaskWillDo = arrivals.stream().anyMatch(arrival -> arrival.tasks().isEmpty());
    Snapshot prompts =
        board.await(snapshot -> !anyTaskWillDo || !snapshot.served().isEmpty(), timeout);
    long now = nanoTime.getAsLong();
    return arrivals.stream()
        .map(arrival -> new Judged(arrival, assignment.of(arrival, prompts, now)))
        .toList();
  }

  /** Begins to read the images that are to be labelled; null for the other events. */
  private List<Early> read(List<Judged> judged) {
    List<Early> reading = new ArrayList<>();
    for (Judged one : judged) {
      Arrival arrival = one.arrival();
      if (!(one.verdict() instanceof Label)) {
        reading.add(null);
      } else if (arrival.place().isPresent()) {
        reading.add(readings.begin(arrival));
      } else {
        Ahead ahead = begun.get(arrival.record());
        reading.add(ahead == null ? Early.none(reader.read(arrival.event())) : ahead.image());
      }
    }
    return reading;
  }

  /**
   * Goes on with what is being read already, and begins with what is not.
   *
   * @param most how many images may be asked for of other places than their events
   */
  private Map<ConsumerRecord<byte[], byte[]>, Ahead> readAhead(int most) {
    Map<ConsumerRecord<byte[], byte[]>, Ahead> reading = new IdentityHashMap<>();
    List<Early> added = new ArrayList<>();
    int elsewhere = 0;
    for (ConsumerRecord<byte[], byte[]> record : expected) {
      try {
        Ahead ahead = begun.get(record);
        Arrival arrival = ahead == null ? Arrival.parse(record, events) : ahead.arrival();
        if (arrival.place().isPresent()) {
          if (++elsewhere <= most && aside.due(arrival)) {
            readings.begin(arrival);
            // A place that is slow must not hold up the passes behind its image's.
            if (earlyPass > 0) {
              readings.pass(arrival).ifPresent(added::add);
            }
          }
        } else if (ahead != null) {
          reading.put(record, ahead);
        } else if (aside.due(arrival)) {
          CompletableFuture<Image> read = reader.read(arrival.event());
          Early image = earlyPass > 0 ? Early.begun(read) : Early.none(read);
          reading.put(record, new Ahead(arrival, image));
          added.add(image);
        }
      } catch (RejectedEventException e) {
        // When it is its turn it is refused for the same reason, and told of.
        LOG.debugf("nothing to read ahead: %s", e.getMessage());
      }
    }
    for (int from = 0; earlyPass > 0 && from < added.size(); from += earlyPass) {
      tower.begin(added.subList(from, Math.min(added.size(), from + earlyPass)));
    }
    return reading;
  }

  /** Waits for the images, and decides on the events in their order. */
  private List<Work> decode(
      List<Judged> judged,
      List<Early> reading,
      SetAside.Draft draft,
      List<Refused> refused,
      List<Arrival> done)
      throws InterruptedException {
    List<Work> works = new ArrayList<>();
    for (int i = 0; i < judged.size(); i++) {
      Arrival arrival = judged.get(i).arrival();
      Verdict verdict = judged.get(i).verdict();
      Reason reason = Reason.UNASSIGNED;
      Image image = null;
      if (verdict instanceof Label) {
        try {
          Optional<String> slow = readings.await(arrival);
          if (slow.isPresent()) {
            verdict = new Away(slow.get(), arrival.place().orElseThrow());
          } else {
            image = ImageReader.await(reading.get(i).image());
          }
        } catch (RejectedImageException e) {
          reason = reason(e.why());
          verdict = new Refuse(e.getMessage());
        }
      }
      boolean decided = draft.decide(arrival, verdict);
      if (!decided) {
        spans.putAside(arrival.record());
      } else if (verdict instanceof Label label) {
        works.add(new Work(arrival, label, reading.get(i), image));
      } else if (verdict instanceof Refuse refuse) {
        refused.add(new Refused(arrival.record(), reason, refuse.reason()));
      }
      if (decided || verdict instanceof Wait) {
        done.add(arrival);
      }
    }
    return works;
  }

  private static Reason reason(RejectedImageException.Why why) {
    return switch (why) {
      case UNREADABLE, FORBIDDEN -> Reason.UNREADABLE;
      case CHANGED -> Reason.CHANGED;
      case UNDECODABLE -> Reason.UNDECODABLE;
    };
  }

  private ProducerRecord<byte[], byte[]> letter(Refused refused) {
    ConsumerRecord<byte[], byte[]> record = refused.record();
    LOG.warnf(
        "dead letter: %s-%d@%d: %s",
        record.topic(), record.partition(), record.offset(), refused.cause());
    metrics.deadLetters.count(refused.reason());
    return deadLetters.letter(record, Labeler.ROLE, refused.cause());
  }
}
