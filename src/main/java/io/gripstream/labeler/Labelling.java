package io.gripstream.labeler;

import io.gripstream.event.ImageEvent;
import io.gripstream.image.ImageReader;
import io.gripstream.image.ImageReader.Image;
import io.gripstream.image.RejectedImageException;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.LetterCounts.Reason;
import io.gripstream.labeler.Assignment.Label;
import io.gripstream.labeler.Assignment.Refuse;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.PromptBoard.Snapshot;
import io.gripstream.labeler.TowerPasses.Early;
import io.gripstream.labeler.TowerPasses.Features;
import io.gripstream.labeler.TowerPasses.Input;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.jboss.logging.Logger;

/**
 * Labels one micro-batch: every record in ends as predictions or as a dead letter, or waits aside
 * for its prompt. The prompts are read once, for all tasks, and so is every image. For one thread.
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
   * @param aside of the same board and assignment
   * @param nanoTime the board's clock
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
    this.tower = tower;
    this.records = records;
    this.deadLetters = deadLetters;
    this.metrics = metrics;
    this.endToEnd = endToEnd;
    this.spans = spans;
    this.earlyPass = earlyPass;
  }

  /** An event whose image is being read before its turn, and may be on its way to its feature. */
  private record Ahead(Arrival arrival, Early image) {}

  /** An event on its way through the tower. */
  private record Work(Arrival arrival, Label label, Early image) {}

  private record Decided(Arrival arrival, Verdict verdict) {}

  private record Decoded(Work work, Image image) {}

  private record Refused(ConsumerRecord<byte[], byte[]> record, Reason reason, String cause) {}

  /** Hears which records come next, in order; the latest call counts. */
  void expect(List<ConsumerRecord<byte[], byte[]>> next) {
    expected = next;
  }

  /**
   * @param timeout how long to wait for the first prompt of all, which events that name no task
   *     need
   * @return what to send
   * @throws PromptsAwaitedException when it is still missing; the same records are to be handed in
   *     again later
   * @throws io.gripstream.image.PlaceUnavailableException when an image's place does not answer:
   *     the same
   */
  List<ProducerRecord<byte[], byte[]>> label(
      List<ConsumerRecord<byte[], byte[]>> batch, Duration timeout) throws InterruptedException {
    List<Arrival> arrivals = new ArrayList<>();
    List<Refused> refused = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : batch) {
      try {
        Ahead ahead = begun.get(record);
        Arrival arrival = ahead == null ? Arrival.parse(record, events) : ahead.arrival();
        if (aside.due(arrival)) {
          arrivals.add(arrival);
        }
      } catch (RejectedEventException e) {
        if (!aside.seen(record)) {
          refused.add(new Refused(record, Reason.MALFORMED, e.getMessage()));
        }
      }
    }
    SetAside.Draft draft = aside.draft();
    List<Decided> decided = decide(draft, arrivals, timeout);
    spans.begin(
        Stream.concat(
            refused.stream().map(Refused::record),
            decided.stream().map(one -> one.arrival().record())),
        batch.size());
    try {
      List<ProducerRecord<byte[], byte[]>> outputs = outputs(batch.size(), refused, decided);
      draft.adopt();
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
   */
  private List<ProducerRecord<byte[], byte[]>> outputs(
      int batch, List<Refused> refused, List<Decided> decided) throws InterruptedException {
    long started = System.nanoTime();
    List<Work> works = read(decided, refused);
    if (earlyPass > 0) {
      begun = readAhead(batch);
    }
    List<Decoded> images = decode(works, refused);
    List<ProducerRecord<byte[], byte[]>> outputs = new ArrayList<>();
    refused.forEach(one -> spans.refuse(one.record(), one.cause()));
    spans.reach("decoded");
    if (!images.isEmpty()) {
      List<Features> features =
          tower.encode(
              images.stream()
                  .map(
                      i ->
                          new Input(
                              i.image().pixels(),
                              i.work().label().tasks(),
                              i.work().image().plain()))
                  .toList());
      spans.reach("encoded");
      if (earlyPass == 0) {
        begun = readAhead(batch);
      }
      List<List<Verdicts.Verdict>> verdicts = verdicts(images, features);
      spans.reach("classified");
      for (int i = 0; i < images.size(); i++) {
        Work work = images.get(i).work();
        records.write(
            work.arrival(),
            images.get(i).image().sha256(),
            work.label().tasks(),
            features.get(i).plain(),
            verdicts.get(i),
            spans.of(work.arrival().record()),
            outputs::add);
        metrics.predictions.increment(work.label().tasks().size());
      }
      metrics.imagesLabelled.increment(images.size());
    }
    metrics.batch.record(Duration.ofNanos(System.nanoTime() - started));
    // Only now is it sure that the batch is not handed in again.
    refused.forEach(one -> outputs.add(letter(one)));
    images.forEach(image -> endToEnd.labelled(image.work().arrival().record()));
    return outputs;
  }

  private static List<List<Verdicts.Verdict>> verdicts(
      List<Decoded> images, List<Features> features) {
    List<Verdicts.Input> inputs = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      inputs.add(new Verdicts.Input(features.get(i), images.get(i).work().label().tasks()));
    }
    return Verdicts.of(inputs);
  }

  /** What becomes of the arrivals that need not wait aside, under one snapshot. */
  private List<Decided> decide(SetAside.Draft draft, List<Arrival> arrivals, Duration timeout)
      throws InterruptedException {
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
    List<Decided> decided = new ArrayList<>();
    for (Arrival arrival : arrivals) {
      draft
          .decide(arrival, () -> assignment.of(arrival, prompts, now))
          .ifPresent(verdict -> decided.add(new Decided(arrival, verdict)));
    }
    return decided;
  }

  private List<Work> read(List<Decided> decided, List<Refused> refused) {
    List<Work> works = new ArrayList<>();
    for (Decided one : decided) {
      Arrival arrival = one.arrival();
      if (one.verdict() instanceof Label label) {
        Ahead ahead = begun.get(arrival.record());
        works.add(
            new Work(
                arrival,
                label,
                ahead == null ? Early.none(reader.read(arrival.event())) : ahead.image()));
      } else if (one.verdict() instanceof Refuse refuse) {
        refused.add(new Refused(arrival.record(), Reason.UNASSIGNED, refuse.reason()));
      }
    }
    return works;
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
        if (arrival.event().getContent() == null && ++elsewhere > most) {
          continue;
        }
        if (ahead != null) {
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

  private List<Decoded> decode(List<Work> works, List<Refused> refused)
      throws InterruptedException {
    List<Decoded> images = new ArrayList<>();
    for (Work work : works) {
      try {
        images.add(new Decoded(work, ImageReader.await(work.image().image())));
      } catch (RejectedImageException e) {
        refused.add(new Refused(work.arrival().record(), reason(e.why()), e.getMessage()));
      }
    }
    return images;
  }

  private static Reason reason(RejectedImageException.Why why) {
    return switch (why) {
      case UNREADABLE -> Reason.UNREADABLE;
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
