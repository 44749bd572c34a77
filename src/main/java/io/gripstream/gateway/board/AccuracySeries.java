package io.gripstream.gateway.board;

import io.gripstream.gateway.board.ScoreView.Point;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * Accuracy over the time at which images were labelled, whenever their truth became known. Spans of
 * time hold counts only; the spans double when there are too many, so that a long series keeps its
 * whole time span at less density. Not thread-safe.
 */
final class AccuracySeries {
  private static final int SPANS = 400;

  /** Fewer images draw nothing but noise. */
  private static final int LEAST = 10;

  private final TreeMap<Long, Span> spans = new TreeMap<>();

  /** In milliseconds. */
  private long width = 1;

  /** The images of one span of time. */
  private static final class Span {
    private long scored;
    private long zeroShot;
    private long live;
    private long at = Long.MIN_VALUE;
    private int version;

    private void latest(long when, int by) {
      if (when >= at) {
        at = when;
        version = by;
      }
    }

    private void add(Span other) {
      scored += other.scored;
      zeroShot += other.zeroShot;
      live += other.live;
      latest(other.at, other.version);
    }

    private void subtract(Span other) {
      scored -= other.scored;
      zeroShot -= other.zeroShot;
      live -= other.live;
    }
  }

  /**
   * @param at when the image was labelled, in milliseconds since the epoch
   * @param version that labelled it
   * @param sign 1, or -1 to take an image back
   */
  void add(long at, int version, boolean zeroShot, boolean live, int sign) {
    long key = Math.floorDiv(at, width);
    Span span = spans.computeIfAbsent(key, any -> new Span());
    span.scored += sign;
    span.zeroShot += zeroShot ? sign : 0;
    span.live += live ? sign : 0;
    span.latest(at, version);
    if (span.scored <= 0) {
      spans.remove(key);
    }
    while (spans.size() > SPANS) {
      widen();
    }
  }

  private void widen() {
    width *= 2;
    List<Span> all = List.copyOf(spans.values());
    spans.clear();
    for (Span span : all) {
      spans.computeIfAbsent(Math.floorDiv(span.at, width), any -> new Span()).add(span);
    }
  }

  /**
   * A point at the end of each span, in the order of time.
   *
   * @param window over the latest so many images at least, where there are as many
   */
  List<Point> points(int window) {
    List<Point> points = new ArrayList<>();
    Deque<Span> inside = new ArrayDeque<>();
    Span sum = new Span();
    for (Span span : spans.values()) {
      inside.addLast(span);
      sum.add(span);
      while (sum.scored - inside.peekFirst().scored >= window) {
        sum.subtract(inside.removeFirst());
      }
      if (sum.scored >= LEAST) {
        double scored = sum.scored;
        points.add(
            new Point(span.at, sum.scored, sum.zeroShot / scored, sum.live / scored, span.version));
      }
    }
    return points;
  }

  void clear() {
    spans.clear();
    width = 1;
  }
}
