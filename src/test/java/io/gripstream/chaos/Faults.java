package io.gripstream.chaos;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/** Plans what goes wrong and when. A seed always gives the same plan. */
final class Faults {
  /** Milliseconds between two faults: at least, and at most. */
  private static final int SHORTEST_PAUSE = 3000;

  private static final int LONGEST_PAUSE = 9000;

  /** A broker that is away for longer stops everybody, and shows nothing more. */
  private static final int LONGEST_WITHOUT_BROKER = 5000;

  private static final int LONGEST_DOWN = 4000;

  /** Longer than the session of a member of a group, 15 s: it comes back as a zombie. */
  private static final int LONGEST_FREEZE = 20_000;

  private Faults() {}

  /** What is done to a process. */
  enum Kind {
    /** SIGKILL: it ends in the middle of whatever it does, and is started again. */
    KILL,
    /** SIGTERM: it ends in order, and is started again. */
    TERMINATE,
    /** SIGSTOP: it stands still, believes that no time has passed, and is woken by SIGCONT. */
    FREEZE
  }

  /**
   * One fault.
   *
   * @param at after the beginning of the plan
   * @param lasts how long the process is away
   * @param wipe whether the process loses its directory, too
   */
  record Fault(Duration at, Kind kind, String member, Duration lasts, boolean wipe) {
    private Fault at(Duration time) {
      return new Fault(time, kind, member, lasts, wipe);
    }
  }

  /**
   * Deals faults as from a deck of cards: each process meets each kind once before any meets one
   * again.
   *
   * @param length no fault begins later
   * @param members names of processes; one that begins with {@code broker} is spared long absences,
   *     one that begins with {@code curator} loses its state sometimes
   */
  static List<Fault> plan(long seed, Duration length, List<String> members) {
    Random random = new Random(seed);
    List<Fault> plan = new ArrayList<>();
    Deque<Fault> deck = new ArrayDeque<>();
    long at = 0;
    while (true) {
      at += random.nextInt(SHORTEST_PAUSE, LONGEST_PAUSE);
      if (at >= length.toMillis()) {
        return plan;
      }
      if (deck.isEmpty()) {
        deck.addAll(shuffled(random, members));
      }
      plan.add(deck.pop().at(Duration.ofMillis(at)));
    }
  }

  private static List<Fault> shuffled(Random random, List<String> members) {
    List<Fault> deck = new ArrayList<>();
    for (String member : members) {
      for (Kind kind : Kind.values()) {
        int longest = kind == Kind.FREEZE ? LONGEST_FREEZE : LONGEST_DOWN;
        if (member.startsWith("broker")) {
          longest = Math.min(longest, LONGEST_WITHOUT_BROKER);
        }
        boolean wipe = member.startsWith("curator") && kind != Kind.FREEZE && random.nextBoolean();
        deck.add(
            new Fault(
                Duration.ZERO, kind, member, Duration.ofMillis(random.nextInt(longest)), wipe));
      }
    }
    Collections.shuffle(deck, random);
    return deck;
  }
}
