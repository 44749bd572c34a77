package io.gripstream.labeler;

import io.gripstream.image.ImageReader;
import io.gripstream.image.PlaceUnavailableException;
import io.gripstream.image.RejectedImageException;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Position;
import io.gripstream.labeler.TowerPasses.Early;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the images that events name, from when a place is first asked until what came of it is
 * used. A micro-batch waits {@link #PATIENCE} for them. A reading that takes longer goes on while
 * its event waits aside, and so does one of a place that is away: that is asked again, after pauses
 * that grow to ten seconds.
 *
 * <p>Of a place that is waited for, the images of some later events are read meanwhile, so that a
 * slow place gives several at a time.
 *
 * <p>For one thread, but for {@link #away}.
 */
final class Readings implements SetAside.Arrivals {
  /** Ten times what a store takes as a rule, and a tenth of what an image may take by default. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  /** Later events of places that are waited for. Each may have the largest image in memory. */
  private static final int MEANWHILE = 16;

  private final ImageReader reader;
  private final LongSupplier nanoTime;
  private final Map<Position, Reading> readings = new HashMap<>();
  private final Map<String, String> away = new ConcurrentHashMap<>();

  Readings(ImageReader reader, LongSupplier nanoTime) {
    this.reader = reader;
    this.nanoTime = nanoTime;
  }

  /** One event's image. */
  private final class Reading {
    private final Arrival arrival;
    private final boolean meanwhile;
    private ImageReader.Reading asked;
    private Early early;
    private long since;
    private int failures;
    private boolean failed;
    private long again;

    Reading(Arrival arrival, boolean meanwhile) {
      this.arrival = arrival;
      this.meanwhile = meanwhile;
      ask();
    }

    private void ask() {
      failed = false;
      since = nanoTime.getAsLong();
      asked = reader.begin(arrival.event());
      early = Early.none(asked.image());
    }

    /** Whether there is an image, or none for good; asks anew where it is time to. */
    boolean settled() {
      if (!asked.image().isDone()) {
        return false;
      }
      String place = arrival.place().orElseThrow();
      Optional<PlaceUnavailableException> unavailable = ImageReader.unavailable(asked.image());
      if (unavailable.isEmpty()) {
        away.remove(place);
        return true;
      }
      if (!failed) {
        failed = true;
        Duration pause = Backoff.after(failures++, Backoff.FIRST, Backoff.LONGEST);
        again = nanoTime.getAsLong() + pause.toNanos();
        away.put(place, unavailable.get().getMessage());
      }
      if (nanoTime.getAsLong() - again >= 0) {
        ask();
      }
      return false;
    }
  }

  private static Position position(ConsumerRecord<?, ?> record) {
    return new Position(record.partition(), record.offset());
  }

  /** Begins to read an event's image, unless that has begun. */
  Early begin(Arrival arrival) {
    Reading reading =
        readings.computeIfAbsent(position(arrival.record()), any -> new Reading(arrival, false));
    if (ImageReader.unavailable(reading.asked.image()).isPresent()) {
      // Its turn has come: the place is said to answer again.
      reading.ask();
    }
    return reading.early;
  }

  /**
   * Begins to read the image of an event that waits, if its place is not away and there is room.
   */
  void meanwhile(Arrival arrival) {
    boolean answers = arrival.place().filter(place -> !away.containsKey(place)).isPresent();
    Position position = position(arrival.record());
    if (answers
        && !readings.containsKey(position)
        && readings.values().stream().filter(reading -> reading.meanwhile).count() < MEANWHILE) {
      readings.put(position, new Reading(arrival, true));
    }
  }

  /** What has been read of an event's image for {@link TowerPasses#begin}, the first time only. */
  Optional<Early> pass(Arrival arrival) {
    Reading reading = readings.get(position(arrival.record()));
    if (reading == null || !reading.asked.image().isDone() || !reading.early.isNone()) {
      return Optional.empty();
    }
    reading.early = Early.begun(reading.asked.image());
    return Optional.of(reading.early);
  }

  /**
   * Waits for the image of an event, if it was begun with.
   *
   * @return empty: it is there, or the event carries it; else why it is waited for no longer
   * @throws RejectedImageException when there is none
   */
  Optional<String> await(Arrival arrival) throws RejectedImageException, InterruptedException {
    Reading reading = readings.get(position(arrival.record()));
    if (reading == null) {
      return Optional.empty();
    }
    CompletableFuture<?> answered = reading.asked.answered();
    try {
      long left = reading.since + PATIENCE.toNanos() - nanoTime.getAsLong();
      answered.get(Math.max(0, left), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return Optional.of("it has not sent an image within " + PATIENCE);
    } catch (ExecutionException e) {
      throw new IllegalStateException("it ends well, whatever the place answers", e);
    }
    try {
      ImageReader.await(reading.asked.image());
      reading.settled();
      return Optional.empty();
    } catch (PlaceUnavailableException e) {
      reading.settled();
      return Optional.of(e.getMessage());
    } catch (RejectedImageException e) {
      reading.settled();
      throw e;
    }
  }

  @Override
  public Optional<Boolean> come(Position position) {
    return Optional.ofNullable(readings.get(position)).map(Reading::settled);
  }

  /** What was read of a record's image is not needed any more. */
  void forget(ConsumerRecord<?, ?> record) {
    readings.remove(position(record));
  }

  /** Other members have these partitions now. */
  void forget(Collection<TopicPartition> partitions) {
    readings
        .keySet()
        .removeIf(
            position ->
                partitions.stream().anyMatch(each -> each.partition() == position.partition()));
    away.keySet()
        .retainAll(
            readings.values().stream()
                .flatMap(reading -> reading.arrival.place().stream())
                .toList());
  }

  /** By place that is away, why; for any thread. */
  Map<String, String> away() {
    return new TreeMap<>(away);
  }
}
