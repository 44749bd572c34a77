package io.gripstream.image;

import java.time.Duration;

/**
 * Tells one object that fails from its place that is away, by what others of the place do
 * meanwhile. An object fails for good when it has failed at {@link #TRIES} tries in a row and for
 * {@link #LEAST}, and others of its place answered between any two of these tries. While nothing
 * else answers the place may be away, and the count begins anew.
 *
 * <p>A restart forgets it. For one thread.
 */
public final class ObjectFailures {
  /** Tries in a row. */
  public static final int TRIES = 5;

  /** Longer than a store that is hurried, or that moves its parts, fails some requests. */
  public static final Duration LEAST = Duration.ofMinutes(1);

  private int inARow;
  private long first;
  private long last;
  private boolean othersAnswered;
  private int tries;
  private long from;
  private boolean forGood;

  /**
   * Another object of the place has answered.
   *
   * @param asked when it was asked, in nanoseconds
   */
  public void otherAnswered(long asked) {
    othersAnswered |= inARow > 0 && asked - last >= 0;
  }

  /**
   * The object has failed once more.
   *
   * @return whether others have answered that were asked since it did last
   */
  public boolean failed(long now) {
    boolean there = othersAnswered;
    if (inARow == 0) {
      first = now;
    }
    if (!there) {
      tries = 0;
      from = now;
    }
    inARow++;
    tries++;
    last = now;
    othersAnswered = false;
    forGood |= tries >= TRIES && now - from >= LEAST.toNanos();
    return there;
  }

  /** How often it has failed in a row, whatever others did. */
  public int inARow() {
    return inARow;
  }

  /** For how long, up to its latest failure. */
  public Duration lasted() {
    return Duration.ofNanos(last - first);
  }

  /** Whether it is the object that fails, and not its place that is away. */
  public boolean forGood() {
    return forGood;
  }

  /**
   * That it is.
   *
   * @param why it failed last
   */
  public RejectedImageException rejection(String why) {
    return new RejectedImageException(
        RejectedImageException.Why.UNREADABLE,
        "%s; so it was %d times in %d seconds, while others of its place came"
            .formatted(why, tries, Duration.ofNanos(last - from).toSeconds()));
  }
}
