package io.gripstream.gateway.board;

/**
 * Live prompts that were refused. Tasks, candidates and prompts are read side by side, so that one
 * that comes before its candidate is refused for a moment: it counts when it still is after {@link
 * #SETTLE}. Not thread-safe; times are in milliseconds since the epoch.
 */
final class Refusals {
  static final long SETTLE = 2000;

  private String current;
  private long since;
  private boolean counted;
  private long count;
  private String last;

  void refused(String reason, long now) {
    settle(now);
    current = reason;
    since = now;
    counted = false;
  }

  /** What the topic names is served, or it names nothing. */
  void over(long now) {
    settle(now);
    current = null;
  }

  /** Counts what has been refused for long enough. */
  void settle(long now) {
    if (current != null && !counted && now - since >= SETTLE) {
      counted = true;
      count++;
      last = current;
    }
  }

  /** Why the latest live prompt is not served; null: it is. */
  String current() {
    return current;
  }

  long count() {
    return count;
  }

  /** Why the latest that counts was refused; null before the first. */
  String last() {
    return last;
  }
}
