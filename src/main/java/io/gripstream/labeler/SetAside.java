package io.gripstream.labeler;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.kafka.loop.TransactionalLoop;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Keeps account of the events that wait aside for their task's prompt while others go on.
 *
 * <p>The account of a partition is, by task, the offset from which on the task's events wait. It is
 * committed as metadata of the partition's offset, in the same transaction as what comes of the
 * other events, so an event is neither lost nor labelled twice whatever is killed, and whoever gets
 * the partition next has the account. When a task's prompt is there, or its events are to be
 * refused, the partition is read again from that offset (a pass), and of what was read before only
 * events of such tasks are handed on. As long as a task has an entry, all its events wait: they are
 * labelled in the order of the partition.
 *
 * <pre>
 *   committed offset  the head: every event in front of it is labelled, refused, or waits
 *   its metadata      task=offset, URL-encoded, joined by &amp;
 * </pre>
 *
 * <p>Why not a topic of parked events: they would be copied, up to 16 MB each, and a new event of a
 * task could overtake an old one whenever partitions move. Memory holds no event, and an account is
 * bounded by what a broker takes as metadata, some hundred tasks; beyond that all wait.
 *
 * <p>For one thread.
 */
final class SetAside {
  private static final Logger LOG = Logger.getLogger(SetAside.class);

  /** Brokers take 4096 bytes unless they are told otherwise. */
  private static final int LONGEST = 4000;

  private final Supplier<Set<String>> waiting;
  private final Map<TopicPartition, Account> accounts = new HashMap<>();

  /**
   * @param waiting the tasks whose events can be neither labelled nor refused at present
   */
  SetAside(Supplier<Set<String>> waiting) {
    this.waiting = waiting;
  }

  /** One partition's state. */
  private static final class Account {
    /** Behind everything that was handed in once. */
    private long head;

    /** By task, from where on its events wait. */
    private final TreeMap<String, Long> behind = new TreeMap<>();

    /** Whether the partition is being read again. */
    private boolean pass;

    /** The tasks that came upon an event in this pass that must wait on, and all behind it too. */
    private final Set<String> stuck = new HashSet<>();

    /**
     * The tasks that waited when the last pass began; another pass changes nothing until others do.
     */
    private Set<String> waitingAtPass;

    Account copy() {
      Account copy = new Account();
      copy.head = head;
      copy.behind.putAll(behind);
      copy.pass = pass;
      copy.stuck.addAll(stuck);
      copy.waitingAtPass = waitingAtPass;
      return copy;
    }

    /** Those of an event's tasks for whose sake it waits. */
    Set<String> holders(Arrival arrival) {
      return arrival.tasks().stream()
          .filter(task -> behind.getOrDefault(task, Long.MAX_VALUE) <= arrival.record().offset())
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether the event is to be looked at now, rather than done before or waiting on. */
    boolean due(Arrival arrival) {
      boolean held = !holders(arrival).isEmpty();
      return arrival.record().offset() < head ? held && pass : !held || pass;
    }
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
          (task, from) ->
              account.stuck.contains(task) ? from : Long.valueOf(Math.max(from, next.offset())));
      if (next.offset() >= account.head) {
        account.behind.keySet().retainAll(account.stuck);
        account.stuck.clear();
        account.pass = false;
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
    if (now.containsAll(account.behind.keySet()) || now.equals(account.waitingAtPass)) {
      return OptionalLong.empty();
    }
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
     * @return what becomes of it now; empty: nothing, because it waits or was done before
     * @throws PromptsAwaitedException when it can neither be done nor set aside
     */
    Optional<Verdict> decide(Arrival arrival, Supplier<Verdict> verdict) {
      long offset = arrival.record().offset();
      Account account = account(TransactionalLoop.partition(arrival.record()));
      if (!account.due(arrival) || arrival.tasks().stream().anyMatch(account.stuck::contains)) {
        return Optional.empty();
      }
      Verdict given = verdict.get();
      if (!(given instanceof Wait wait)) {
        return Optional.of(given);
      }
      if (arrival.tasks().isEmpty()) {
        throw new PromptsAwaitedException(wait.reason());
      }
      // An event that was read before waits for those only that it has waited for: events of its
      // other tasks behind it were labelled then.
      Set<String> holders = offset < account.head ? account.holders(arrival) : wait.tasks();
      for (String task : holders) {
        if (account.behind.put(task, offset) == null) {
          LOG.infof(
              "%s: the images of task %s wait aside from offset %d on: %s",
              TransactionalLoop.partition(arrival.record()), task, offset, wait.reason());
        }
        if (account.pass) {
          account.stuck.add(task);
        }
      }
      if (account.waitingAtPass != null && !account.waitingAtPass.containsAll(wait.tasks())) {
        account.waitingAtPass = null;
      }
      if (encode(account.behind).length() > LONGEST) {
        throw new PromptsAwaitedException("too many tasks wait for their first prompt");
      }
      return Optional.empty();
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
