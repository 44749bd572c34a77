package io.gripstream.gateway.board;

import io.gripstream.kafka.Position;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The latest predictions of a task, with the truth where it became known. Not thread-safe. */
final class Recent {
  private final int capacity;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private final Map<String, Entry> byImage = new HashMap<>();

  Recent(int capacity) {
    this.capacity = capacity;
  }

  void add(PredictionView prediction, Position position) {
    Entry entry = new Entry(prediction, position);
    entries.addLast(entry);
    byImage.put(prediction.imageId(), entry);
    if (entries.size() > capacity) {
      Entry oldest = entries.removeFirst();
      byImage.remove(oldest.prediction.imageId(), oldest);
    }
  }

  /** Notes the truth; null takes it back. Does nothing when the image is no longer remembered. */
  void settle(String imageId, String truth, long revision) {
    Entry entry = byImage.get(imageId);
    if (entry != null) {
      entry.prediction = entry.prediction.withTruth(truth);
      entry.settled = revision;
    }
  }

  /** The newest predictions that match, newest first. */
  List<PredictionView> newest(Predicate<PredictionView> wanted, int limit) {
    List<PredictionView> found = new ArrayList<>();
    for (Iterator<Entry> i = entries.descendingIterator(); i.hasNext() && found.size() < limit; ) {
      PredictionView prediction = i.next().prediction;
      if (wanted.test(prediction)) {
        found.add(prediction);
      }
    }
    return found;
  }

  /** The latest prediction of an image; null when it is no longer remembered. */
  PredictionView latest(String imageId) {
    Entry entry = byImage.get(imageId);
    return entry == null ? null : entry.prediction;
  }

  /** At most {@code limit} predictions after {@code seq}, the newest of them, oldest first. */
  List<PredictionView> after(long seq, int limit) {
    List<PredictionView> found = new ArrayList<>();
    for (Iterator<Entry> i = entries.descendingIterator(); i.hasNext() && found.size() < limit; ) {
      PredictionView prediction = i.next().prediction;
      if (prediction.seq() <= seq) {
        break;
      }
      found.add(prediction);
    }
    Collections.reverse(found);
    return found;
  }

  /** All predictions that were not read yet, oldest first. */
  List<PredictionView> after(Positions read) {
    return entries.stream()
        .filter(entry -> !read.covers(entry.position))
        .map(entry -> entry.prediction)
        .toList();
  }

  /** Predictions up to {@code seq} whose truth became known after {@code revision}. */
  List<PredictionView> settledAfter(long revision, long seq, int limit) {
    List<PredictionView> found = new ArrayList<>();
    for (Iterator<Entry> i = entries.descendingIterator(); i.hasNext() && found.size() < limit; ) {
      Entry entry = i.next();
      if (entry.settled > revision && entry.prediction.seq() <= seq) {
        found.add(entry.prediction);
      }
    }
    return found;
  }

  void clear() {
    entries.clear();
    byImage.clear();
  }

  private static final class Entry {
    private final Position position;
    private PredictionView prediction;
    private long settled;

    private Entry(PredictionView prediction, Position position) {
      this.prediction = prediction;
      this.position = position;
    }
  }
}
