package io.gripstream.labeler;

import io.gripstream.image.ImageReader;
import io.gripstream.image.ObjectFailures;
import io.gripstream.image.PlaceUnavailableException;
import io.gripstream.image.RejectedImageException;
import io.gripstream.image.RejectedImageException.Why;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.Position;
import io.gripstream.labeler.TowerPasses.Early;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Reads the images that events name, from when a place is first asked until what came of it is
 * used. A micro-batch waits {@link #PATIENCE} for them. A reading that takes longer goes on while
 * its event waits aside, and so does one of a place that is away: that is asked again, after pauses
 * that grow to ten seconds.
 *
 * <p>Of a place that is waited for, the images of some later events are read meanwhile, so that a
 * slow place gives several at a time. They also tell an image that fails from a place that is away
 * ({@link ObjectFailures}): one of them is asked for again whenever an image of their place has
 * failed. What fails for good while others answer is rejected. So are the images of a place that
 * has held up other events for {@link #LONGEST_HOLD}, each after one try, until one is answered.
 *
 * <p>For one thread, but for {@link #away}.
 */
final class Readings implements SetAside.Arrivals {
  private static final Logger LOG = Logger.getLogger(Readings.class);

  /** Ten times what a store takes as a rule, and a tenth of what an image may take by default. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  /** Later events of places that are waited for. Each may have the largest image in memory. */
  private static final int MEANWHILE = 16;

  /** Of these, the images of a place that is away: enough for one of them to be sound. */
  private static final int WITNESSES = 4;

  /** How long a place may keep events waiting that need nothing of it. */
  static final Duration LONGEST_HOLD = Duration.ofHours(2);

  private final ImageReader reader;
  private final LongSupplier nanoTime;
  private final Map<Position, Reading> readings = new HashMap<>();
  private final Map<String, String> away = new ConcurrentHashMap<>();

  /** The places whose images are rejected when they do not come. */
  private final Set<String> givenUp = new HashSet<>();

  Readings(ImageReader reader, LongSupplier nanoTime) {
    this.reader = reader;
    this.nanoTime = nanoTime;
  }

  /** One event's image. */
  private final class Reading {
    private final Arrival arrival;
    private final String place;
    private ObjectFailures failures = new ObjectFailures();

    /** Before its event's turn. */
    private boolean meanwhile;

    private ImageReader.Reading asked;
    private Early early;
    private long since;

    /** Whether what came of it has been taken note of. */
    private boolean noted;

    private long again;

    Reading(Arrival arrival, boolean meanwhile) {
      this.arrival = arrival;
      this.place = arrival.place().orElseThrow();
      this.meanwhile = meanwhile;
      ask();
    }

    private void ask() {
      noted = false;
      since = nanoTime.getAsLong();
      asked = reader.begin(arrival.event());
      early = Early.none(asked.image());
    }

    /** Whether there is an image, or none for good; asks anew where it is time to. */
    boolean settled() {
      if (!asked.image().isDone()) {
        return false;
      }
      Optional<PlaceUnavailableException> unavailable = ImageReader.unavailable(asked.image());
      if (!noted) {
        noted = true;
        if (unavailable.isPresent()) {
          failed(unavailable.get().getMessage());
        } else if (ImageReader.answered(asked.image())) {
          answered();
        }
      }
      if (unavailable.isEmpty() || isRejected()) {
        return true;
      }
      if (nanoTime.getAsLong() - again >= 0) {
        ask();
      }
      return false;
    }

    private void failed(String why) {
      Duration pause = Backoff.after(failures.inARow(), Backoff.FIRST, Backoff.LONGEST);
      again = nanoTime.getAsLong() + pause.toNanos();
      if (!failures.failed(nanoTime.getAsLong())) {
        away.put(place, why);
      }
      readings.values().stream()
          .filter(other -> other.meanwhile && other.place.equals(place) && other.hasCome())
          .min(Comparator.comparingLong(other -> other.since - since))
          .ifPresent(Reading::ask);
    }

    private void answered() {
      failures = new ObjectFailures();
      away.remove(place);
      givenUp.remove(place);
      readings.values().stream()
          .filter(other -> other.place.equals(place))
          .forEach(other -> other.failures.otherAnswered(since));
    }

    private boolean hasCome() {
      return noted && ImageReader.answered(asked.image());
    }

    boolean isAway() {
      return ImageReader.unavailable(asked.image()).isPresent();
    }

    /** Whether it has failed, and is not asked for again. */
    boolean isRejected() {
      return isAway() && (failures.forGood() || givenUp.contains(place));
    }

    RejectedImageException rejection(String why) {
      return failures.forGood()
          ? failures.rejection(why)
          : new RejectedImageException(
              Why.UNREADABLE,
              "%s; nothing of its place has come since it held up others for %s"
                  .formatted(why, LONGEST_HOLD));
    }
  }

  private static Position position(ConsumerRecord<?, ?> record) {
    return new Position(record.partition(), record.offset());
  }

  /** Begins to read an event's image, unless that has begun. */
  Early begin(Arrival arrival) {
    Reading reading =
        readings.computeIfAbsent(position(arrival.record()), any -> new Reading(arrival, false));
    reading.meanwhile = false;
    if (reading.isAway() && !reading.isRejected()) {
      // Its turn has come: the place is said to answer again.
      reading.ask();
    }
    return reading.early;
  }

  /**
   * Begins to read the image of an event that waits, if there is room: for one of each place at
   * least. Where a place is away, it takes the room of one that has failed often.
   */
  void meanwhile(Arrival arrival) {
    Position position = position(arrival.record());
    if (arrival.place().isEmpty() || readings.containsKey(position)) {
      return;
    }
    String place = arrival.place().get();
    List<Reading> all = readings.values().stream().filter(each -> each.meanwhile).toList();
    List<Reading> same = all.stream().filter(each -> each.place.equals(place)).toList();
    boolean isAway = away.containsKey(place);
    boolean room = same.isEmpty() || all.size() < MEANWHILE && (!isAway || same.size() < WITNESSES);
    if (!room && isAway) {
      room =
          same.stream()
              .filter(each -> each.isAway() && each.failures.inARow() >= ObjectFailures.TRIES)
              .findFirst()
              .filter(readings.values()::remove)
              .isPresent();
    }
    if (room) {
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
      if (reading.isRejected()) {
        throw reading.rejection(e.getMessage());
      }
      return Optional.of(e.getMessage());
    } catch (RejectedImageException e) {
      reading.settled();
      throw e;
    }
  }

  @Override
  public Optional<Boolean> come(Position position) {
    Optional<Reading> reading = Optional.ofNullable(readings.get(position));
    reading
        .filter(each -> each.failures.inARow() > 0)
        .ifPresent(
            each ->
                // Those first that tell of the place.
                readings.values().stream()
                    .filter(other -> other.place.equals(each.place))
                    .sorted(Comparator.comparing(Reading::isAway))
                    .forEach(Reading::settled));
    return reading.map(Reading::settled);
  }

  @Override
  public void holdsUp(Position position) {
    Reading reading = readings.get(position);
    if (reading != null
        && reading.isAway()
        && reading.failures.lasted().compareTo(LONGEST_HOLD) >= 0
        && givenUp.add(reading.place)) {
      LOG.warnf(
          "the images of %s become dead letters until it answers: it has held up others for %s",
          reading.place, LONGEST_HOLD);
    }
  }

  /** What was read of a record's image is not needed any more. */
  void forget(ConsumerRecord<?, ?> record) {
    Reading reading = readings.remove(position(record));
    if (reading != null
        && away.containsKey(reading.place)
        && readings.values().stream().noneMatch(other -> other.place.equals(reading.place))) {
      away.remove(reading.place);
    }
  }

  /** Other members have these partitions now. */
  void forget(Collection<TopicPartition> partitions) {
    readings
        .keySet()
        .removeIf(
            position ->
                partitions.stream().anyMatch(each -> each.partition() == position.partition()));
    away.keySet().retainAll(readings.values().stream().map(reading -> reading.place).toList());
  }

  /** By place that is away, why; for any thread. */
  Map<String, String> away() {
    return new TreeMap<>(away);
  }
}
