package io.gripstream.chaos;

import java.time.Duration;
import java.util.ArrayList;
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
  record Fault(Duration at, Kind kind, String member, Duration lasts, boolean wipe) {}

  /**
   * @param length no fault begins later
   * @param members names of processes; one that begins with {@code broker} is spared long absences,
   *     one that begins with {@code curator} loses its state sometimes
   */
  static List<Fault> plan(long seed, Duration length, List<String> members) {
    Random random = new Random(seed);
    List<Fault> plan = new ArrayList<>();
    long at = 0;
    while (true) {
      at += random.nextInt(SHORTEST_PAUSE, LONGEST_PAUSE);
      if (at >= length.toMillis()) {
        return plan;
      }
      String member = members.get(random.nextInt(members.size()));
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      int longest = kind == Kind.FREEZE ? LONGEST_FREEZE : LONGEST_DOWN;
      if (member.startsWith("broker")) {
        longest = Math.min(longest, LONGEST_WITHOUT_BROKER);
      }
      Duration lasts = Duration.ofMillis(random.nextInt(longest));
      boolean wipe = random.nextInt(3) == 0 && member.startsWith("curator") && kind != Kind.FREEZE;
      plan.add(new Fault(Duration.ofMillis(at), kind, member, lasts, wipe));
    }
  }
}
