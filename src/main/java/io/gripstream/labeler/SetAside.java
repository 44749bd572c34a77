package io.gripstream.labeler;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.kafka.Position;
import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.labeler.Assignment.Away;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Keeps account of the events that wait aside while others go on: for their task's prompt, or for
 * the place of their image, which is slow or away.
 *
 * <p>The account of a partition is, by what is waited for (a key: a task or a place), the offset
 * from which on its events wait. It is committed as metadata of the partition's offset, in the same
 * transaction as what comes of the other events, so an event is neither lost nor labelled twice
 * whatever is killed, and whoever gets the partition next has the account. When a task's prompt is
 * there, or its events are to be refused, or the image has come that a place's first event waits
 * for, the partition is read again from that offset (a pass), and of what was read before only
 * events that wait are handed on. As long as a key has an entry, all its events wait: those of a
 * task, and those of a place, are labelled in the order of the partition. Events of other places
 * overtake those of a place that is waited for, of the same task, too.
 *
 * <pre>
 *   committed offset  the head: every event in front of it is labelled, refused, or waits
 *   its metadata      task=offset or scheme://authority=offset, URL-encoded, joined by &amp;
 * </pre>
 *
 * <p>Why not a topic of parked events: they would be copied, up to 16 MB each, and a new event of a
 * task could overtake an old one whenever partitions move. Memory holds no event, and an account is
 * bounded by what a broker takes as metadata, some hundred tasks; beyond that all wait. So they do
 * when {@link #MOST} records lie behind the first that waits for a place, since a pass reads them
 * all; and passes for places take a fifth of the time at most. {@link Readings} says for how long a
 * place may hold up others so, and when an image has failed for good: its event is done, too.
 *
 * <p>For one thread.
 */
final class SetAside {
  private static final Logger LOG = Logger.getLogger(SetAside.class);

  /** Brokers take 4096 bytes unless they are told otherwise. */
  private static final int LONGEST = 4000;

  /** Records that may be read again for the sake of a place. */
  static final int MOST = 10_000;

  /** How many times as long as a pass for a place took nothing is read again for one. */
  private static final int REST = 4;

  private final Supplier<Set<String>> waiting;
  private final Arrivals arrivals;
  private final LongSupplier nanoTime;
  private final Map<TopicPartition, Account> accounts = new HashMap<>();

  /** Knows the images that are waited for. */
  @FunctionalInterface
  interface Arrivals {
    /**
     * Whether the image of the event in a place has come, or will not; empty: nobody waits for it.
     */
    Optional<Boolean> come(Position position);

    /** Hears that too much lies behind that image, and that events wait which it is nothing to. */
    default void holdsUp(Position position) {}
  }

  /**
   * @param waiting the tasks whose events can be neither labelled nor refused at present
   */
  SetAside(Supplier<Set<String>> waiting, Arrivals arrivals, LongSupplier nanoTime) {
    this.waiting = waiting;
    this.arrivals = arrivals;
    this.nanoTime = nanoTime;
  }

  /** One partition's state. */
  private static final class Account {
    /** Behind everything that was handed in once. */
    private long head;

    /** By key, from where on its events wait. */
    private final TreeMap<String, Long> behind = new TreeMap<>();

    /** Whether the partition is being read again. */
    private boolean pass;

    /** The keys that came upon an event in this pass that must wait on, and all behind it too. */
    private final Set<String> stuck = new HashSet<>();

    /**
     * The tasks that waited when the last pass began; another pass changes nothing until others do.
     */
    private Set<String> waitingAtPass;

    private long passBegan;

    /** When the next pass may begin that is for a place; null: at once. */
    private Long rested;

    Account copy() {
      Account copy = new Account();
      copy.head = head;
      copy.behind.putAll(behind);
      copy.pass = pass;
      copy.stuck.addAll(stuck);
      copy.waitingAtPass = waitingAtPass;
      copy.passBegan = passBegan;
      copy.rested = rested;
      return copy;
    }

    /** Those of an event's keys for whose sake it waits. */
    Set<String> holders(Arrival arrival) {
      return arrival.keys().stream()
          .filter(key -> behind.getOrDefault(key, Long.MAX_VALUE) <= arrival.record().offset())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether the event is to be looked at now, rather than done before or waiting on. */
    boolean due(Arrival arrival) {
      if (arrival.keys().stream().anyMatch(stuck::contains)) {
        return false;
      }
      boolean held = !holders(arrival).isEmpty();
      return arrival.record().offset() < head ? held && pass : !held || pass;
    }
  }

  /** Other members have these partitions now. */
  void forget(Collection<TopicPartition> partitions) {
    accounts.keySet().removeAll(partitions);
  }

  /** Where a partition stands; takes back what was decided since. */
  void restore(TopicPartition partition, OffsetAndMetadata committed) {
    Account account = new Account();
    if (committed != null) {
      account.head = committed.offset();
      decode(partition, committed.metadata(), account.behind);
    }
    accounts.put(partition, account);
  }

  /** What to commit once everything in front of {@code next} was decided on. */
  OffsetAndMetadata bookmark(TopicPartition partition, OffsetAndMetadata next) {
    Account account = accounts.computeIfAbsent(partition, any -> new Account());
    if (account.pass) {
      account.behind.replaceAll(
          (key, from) ->
              account.stuck.contains(key) ? from : Long.valueOf(Math.max(from, next.offset())));
      if (next.offset() >= account.head) {
        account.behind.keySet().retainAll(account.stuck);
        account.stuck.clear();
        account.pass = false;
        long now = nanoTime.getAsLong();
        account.rested = now + REST * (now - account.passBegan);
      }
    }
    boolean first = next.offset() >= account.head;
    account.head = Math.max(account.head, next.offset());
    return new OffsetAndMetadata(
        account.head, first ? next.leaderEpoch() : Optional.empty(), encode(account.behind));
  }

  /** Begins a pass where one would get further than the last: from where to read again. */
  OptionalLong goBack(TopicPartition partition) {
    Account account = accounts.get(partition);
    if (account == null || account.pass || account.behind.isEmpty()) {
      return OptionalLong.empty();
    }
    Set<String> now = waiting.get();
    boolean come = false;
    Set<String> others = new HashSet<>();
    for (Map.Entry<String, Long> entry : account.behind.entrySet()) {
      Optional<Boolean> image =
          arrivals.come(new Position(partition.partition(), entry.getValue()));
      come |= image.orElse(false);
      if (image.isEmpty()) {
        others.add(entry.getKey());
      }
    }
    boolean rested = account.rested == null || nanoTime.getAsLong() - account.rested >= 0;
    boolean changed = !now.containsAll(others) && !now.equals(account.waitingAtPass);
    if (!changed && !(come && rested)) {
      return OptionalLong.empty();
    }
    account.passBegan = nanoTime.getAsLong();
    account.waitingAtPass = Set.copyOf(now);
    account.pass = true;
    return OptionalLong.of(
        account.behind.values().stream().mapToLong(from -> from).min().orElse(0));
  }

  /** Whether a record was handed in before the last commit. */
  boolean seen(ConsumerRecord<?, ?> record) {
    Account account = accounts.get(TransactionalLoop.partition(record));
    return account != null && record.offset() < account.head;
  }

  /** Whether an event is worth looking at: it was not done before, and it need not wait on. */
  boolean due(Arrival arrival) {
    Account account = accounts.get(TransactionalLoop.partition(arrival.record()));
    return account == null || account.due(arrival);
  }

  /** Whether an event waits for its image's place. */
  boolean waitsForPlace(Arrival arrival) {
    Account account = accounts.get(TransactionalLoop.partition(arrival.record()));
    return account != null && account.holders(arrival).stream().anyMatch(Arrival::isPlace);
  }

  /**
   * Lets nothing new be done while too much lies behind an event that waits for a place.
   *
   * @param others whether there are new events that wait for nothing else
   * @throws AwaitedException when that is so, and the record is new
   */
  void requireRoom(ConsumerRecord<?, ?> record, boolean others) {
    Account account = accounts.get(TransactionalLoop.partition(record));
    if (account == null || account.pass || record.offset() < account.head) {
      return;
    }
    account.behind.forEach(
        (key, from) -> {
          Position first = new Position(record.partition(), from);
          boolean place = Arrival.isPlace(key) || arrivals.come(first).isPresent();
          if (place && account.head - from > MOST) {
            if (others) {
              arrivals.holdsUp(first);
            }
            throw new AwaitedException(
                "%d records lie behind the first image of %s that waits for its place"
                    .formatted(account.head - from, key));
          }
        });
  }

  /** Begins to decide on a micro-batch. */
  Draft draft() {
    return new Draft();
  }

  /** What a micro-batch changes in the accounts, once it is adopted. */
  final class Draft {
    private final Map<TopicPartition, Account> changed = new HashMap<>();

    private Draft() {}

    /**
     * Decides on an event; in the order of each partition.
     *
     * @param verdict on the event as such
     * @return whether that becomes of it now; false: it waits, or was done before
     * @throws AwaitedException when it can neither be done nor set aside
     */
    boolean decide(Arrival arrival, Verdict verdict) {
      Account account = account(TransactionalLoop.partition(arrival.record()));
      if (!account.due(arrival)) {
        return false;
      }
      if (verdict instanceof Wait wait) {
        if (wait.tasks().isEmpty()) {
          throw new AwaitedException(wait.reason());
        }
        wait(account, arrival, wait.tasks(), wait.reason());
        if (account.waitingAtPass != null && !account.waitingAtPass.containsAll(wait.tasks())) {
          account.waitingAtPass = null;
        }
        return false;
      }
      if (verdict instanceof Away away) {
        wait(account, arrival, Set.of(away.place()), away.reason());
        return false;
      }
      return true;
    }

    private void wait(Account account, Arrival arrival, Set<String> keys, String reason) {
      long offset = arrival.record().offset();
      // An event that was read before waits for those only that it has waited for: events of its
      // other keys behind it were labelled then.
      Set<String> holders = offset < account.head ? account.holders(arrival) : keys;
      for (String key : holders) {
        if (account.behind.put(key, offset) == null) {
          LOG.infof(
              "%s: the images of %s wait aside from offset %d on: %s",
              TransactionalLoop.partition(arrival.record()),
              Arrival.isPlace(key) ? key : "task " + key,
              offset,
              reason);
        }
        if (account.pass) {
          account.stuck.add(key);
        }
      }
      if (encode(account.behind).length() > LONGEST) {
        throw new AwaitedException("images wait for too many tasks and places");
      }
    }

    private Account account(TopicPartition partition) {
      return changed.computeIfAbsent(
          partition,
          any -> {
            Account account = accounts.get(partition);
            return account == null ? new Account() : account.copy();
          });
    }

    /** Makes the changes. Before that, nothing has been decided. */
    void adopt() {
      accounts.putAll(changed);
    }
  }

  private static String encode(Map<String, Long> behind) {
    return behind.entrySet().stream()
        .map(entry -> URLEncoder.encode(entry.getKey(), UTF_8) + "=" + entry.getValue())
        .collect(Collectors.joining("&"));
  }

  private static void decode(TopicPartition partition, String metadata, Map<String, Long> behind) {
    if (metadata == null || metadata.isEmpty()) {
      return;
    }
    try {
      for (String entry : metadata.split("&")) {
        int equals = entry.indexOf('=');
        behind.put(
            URLDecoder.decode(entry.substring(0, Math.max(0, equals)), UTF_8),
            Long.parseLong(entry.substring(equals + 1)));
      }
    } catch (IllegalArgumentException e) {
      behind.clear();
      LOG.errorf("%s: its offset's metadata is not a labeler's: %s", partition, metadata);
    }
  }
}
