package io.gripstream.gateway.board;

import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.gateway.board.TaskGlance.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What happened to a task's prompts: the entries as they came, and the rounds that they add up to.
 * Not thread-safe.
 */
final class Diary {
  private static final int ENTRIES = 300;
  private static final int ROUNDS = 200;
  private static final int DECISIONS = 1000;
  private static final Set<String> VERDICTS = Set.of("PROMOTED", "HELD", "ROLLED_BACK", "DRIFTED");

  /** What the curator said of a version. */
  record Decision(String type, String reason, long at) {}

  private final Deque<DiaryEntry> entries = new ArrayDeque<>();
  private final TreeMap<Integer, RoundView> rounds = new TreeMap<>();
  private final Map<Integer, Decision> decisions = new HashMap<>();
  private final Services services = new Services();
  private DiaryEntry pin;
  private boolean paused;

  void add(RoundEvent event) {
    DiaryEntry entry = DiaryEntry.of(event);
    if (event.getType() != RoundEventType.PROGRESS) {
      entries.addLast(entry);
      if (entries.size() > ENTRIES) {
        entries.removeFirst();
      }
    }
    switch (event.getType()) {
      case REQUESTED, STARTED, PROGRESS, FAILED -> advance(entry);
      case PROMOTED, HELD -> {
        advance(entry);
        decide(entry);
        if (event.getType() == RoundEventType.PROMOTED) {
          services.note(entry);
        }
      }
      case PINNED -> {
        pin = entry;
        services.note(entry);
      }
      case UNPINNED -> pin = null;
      case PAUSED -> paused = true;
      case RESUMED -> paused = false;
      case ROLLED_BACK -> {
        // The gate does not go back while a version is pinned; an operator moves the pin along.
        pin = pin == null ? null : entry;
        services.note(entry);
      }
      case DRIFTED -> services.note(entry);
      case REFUSED -> {
        // In the entries alone.
      }
    }
  }

  private void advance(DiaryEntry entry) {
    RoundView before = rounds.get(entry.round());
    Map<String, Double> metrics = new TreeMap<>(before == null ? Map.of() : before.metrics());
    metrics.putAll(entry.metrics());
    boolean over = before != null && before.ended() && isWork(entry.type());
    if (over && entry.at() < before.updatedAt()) {
      // Curator and refiner write to the diary independently: a late note does not reopen a round.
      return;
    }
    rounds.put(
        entry.round(),
        new RoundView(
            entry.round(),
            entry.type(),
            entry.version() != null || before == null ? entry.version() : before.version(),
            entry.paradigm() != null || before == null ? entry.paradigm() : before.paradigm(),
            null,
            null,
            progress(entry, before),
            entry.message().isEmpty() && before != null ? before.message() : entry.message(),
            metrics,
            null,
            before == null ? entry.at() : before.startedAt(),
            entry.at()));
    if (rounds.size() > ROUNDS) {
      rounds.pollFirstEntry();
    }
  }

  private static boolean isWork(String type) {
    return type.equals("STARTED") || type.equals("PROGRESS");
  }

  private static double progress(DiaryEntry entry, RoundView before) {
    return switch (entry.type()) {
      case "PROMOTED", "HELD" -> 1;
      case "FAILED" -> before == null ? 0 : before.progress();
      default -> entry.progress();
    };
  }

  private void decide(DiaryEntry entry) {
    if (entry.version() != null) {
      decisions.put(entry.version(), new Decision(entry.type(), entry.message(), entry.at()));
      if (decisions.size() > DECISIONS) {
        decisions.remove(Collections.min(decisions.keySet()));
      }
    }
  }

  Optional<Decision> decision(int version) {
    return Optional.ofNullable(decisions.get(version));
  }

  /** Whether a version is live, or was. */
  boolean wasLive(int version) {
    return services.wasLive(version);
  }

  /** How a version's service ended; empty if it is live or never was. */
  Optional<ServiceEnd> end(int version) {
    return services.end(version);
  }

  Integer pinned() {
    return pin == null ? null : pin.version();
  }

  /** What was said when the version was pinned that is; empty if none is. */
  Optional<String> pin() {
    return Optional.ofNullable(pin).map(DiaryEntry::message);
  }

  boolean paused() {
    return paused;
  }

  Optional<RoundView> round(int round) {
    return Optional.ofNullable(rounds.get(round));
  }

  /** The round that is still running, or else none. */
  Optional<RoundView> running() {
    return rounds.isEmpty() || rounds.lastEntry().getValue().ended()
        ? Optional.empty()
        : Optional.of(rounds.lastEntry().getValue());
  }

  /** What was decided last, whether or not it was a round's. */
  Optional<Verdict> verdict() {
    return entries().stream()
        .filter(entry -> VERDICTS.contains(entry.type()))
        .findFirst()
        .map(e -> new Verdict(e.type(), e.round(), e.version(), e.message(), e.at()));
  }

  /** Why rounds failed since one last came to an end, newest first. */
  List<String> failures() {
    return entries().stream()
        .takeWhile(entry -> !entry.type().equals("PROMOTED") && !entry.type().equals("HELD"))
        .filter(entry -> entry.type().equals("FAILED"))
        .map(DiaryEntry::message)
        .toList();
  }

  /** Newest first. */
  List<RoundView> rounds() {
    return List.copyOf(rounds.descendingMap().values());
  }

  /** Newest first, without progress reports. */
  List<DiaryEntry> entries() {
    List<DiaryEntry> newest = new ArrayList<>(entries);
    Collections.reverse(newest);
    return newest;
  }
}
