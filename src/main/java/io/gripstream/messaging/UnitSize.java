package io.gripstream.messaging;

/**
 * How many records are tried together: a whole micro-batch, until it fails once too often. Then
 * half of what failed, and so on down to the single record at fault; and up again with each
 * success.
 */
final class UnitSize {
  /** What to do after a failure. */
  enum Verdict {
    /** Wait, and try the same again. */
    AGAIN,
    /** Try again with fewer records. */
    SMALLER,
    /** It was a single record: give it up. */
    CONDEMNED
  }

  private final int full;
  private final int attempts;
  private int records;
  private int failures;

  UnitSize(int full, int attempts) {
    this.full = full;
    this.attempts = attempts;
    this.records = full;
  }

  int records() {
    return records;
  }

  /** True while a record at fault is searched for: each unit then has a transaction of its own. */
  boolean searching() {
    return records < full || failures > 0;
  }

  void succeeded() {
    failures = 0;
    records = Math.min(full, records * 2);
  }

  /**
   * @param tried how many records failed together
   */
  Verdict failed(int tried) {
    if (records == full && ++failures < attempts) {
      return Verdict.AGAIN;
    }
    if (tried > 1) {
      records = Math.min(full, tried) / 2;
      return Verdict.SMALLER;
    }
    return Verdict.CONDEMNED;
  }
}
