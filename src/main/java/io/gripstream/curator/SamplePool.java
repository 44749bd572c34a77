package io.gripstream.curator;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * A bounded pool per task: values by an id, in order of arrival, of which the oldest leave first.
 *
 * <p>After every {@link #put} and {@link #shrink} a task's values are within the limits that were
 * given, in count and in bytes (ids included). A value that comes again under its id replaces the
 * older one and counts as the newest.
 *
 * <p>A precious value whose turn it is to leave is renewed instead: it becomes the newest, as long
 * as the renewed ones take up no more than half of the limits. A value is thus looked at once per
 * turnover of the pool, and however many are precious, the other half is for what comes in.
 *
 * <p>One store holds it all: the values by (task, arrival), an index from (task, id) to the
 * arrival, and the extent of each task. Not thread safe; the caller owns the store.
 */
final class SamplePool {
  private static final byte EXTENT = 0;
  private static final byte VALUE = 1;
  private static final byte INDEX = 2;

  /** No value is within. */
  private static final Limits NOTHING = new Limits(-1, -1);

  /** Follows a place in the index where the value was renewed. */
  private static final byte[] RENEWED = {1};

  private final KeyValueStore<Bytes, byte[]> store;

  SamplePool(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  /** How much a task may have here. */
  record Limits(long count, long bytes) {}

  /**
   * How much a task has here.
   *
   * @param first no arrival before this one is left
   * @param next the arrival that the next value gets
   * @param renewed how many of the values were renewed since they came
   * @param renewedBytes what those take up
   */
  record Extent(int count, long bytes, long first, long next, int renewed, long renewedBytes) {
    static final Extent EMPTY = new Extent(0, 0, 0, 0, 0, 0);

    private Extent with(int size, boolean again) {
      return new Extent(
          count + 1,
          bytes + size,
          first,
          next + 1,
          renewed + (again ? 1 : 0),
          renewedBytes + (again ? size : 0));
    }

    private Extent without(int size, boolean wasRenewed) {
      return new Extent(
          count - 1,
          bytes - size,
          first,
          next,
          renewed - (wasRenewed ? 1 : 0),
          renewedBytes - (wasRenewed ? size : 0));
    }

    private Extent from(long arrival) {
      return new Extent(count, bytes, arrival, next, renewed, renewedBytes);
    }

    private boolean within(Limits limits) {
      return count <= limits.count && bytes <= limits.bytes;
    }

    private boolean mayRenew(int size, Limits limits) {
      return renewed + 1 <= limits.count / 2 && renewedBytes + size <= limits.bytes / 2;
    }
  }

  /** Where the value of an id is, and what it takes up in bytes. */
  record Place(String id, long arrival, int size) {}

  /** What a value takes up in bytes. */
  static int size(String id, byte[] value) {
    return id.getBytes(StandardCharsets.UTF_8).length + value.length;
  }

  /**
   * Remembers a value as the newest.
   *
   * @param precious whether the value of an id is better kept than a newer one
   * @return how many older values of other ids had to leave
   * @throws IllegalArgumentException when the value alone is over the limits; nothing has changed
   *     then
   */
  int put(String task, String id, byte[] value, Limits limits, Predicate<String> precious) {
    int size = size(id, value);
    if (size > limits.bytes || limits.count < 1) {
      throw new IllegalArgumentException(
          "%d bytes where %d values of %d bytes may be"
              .formatted(size, limits.count, limits.bytes));
    }
    Extent before = forget(task, id, extent(task));
    Limits room = new Limits(limits.count - 1, limits.bytes - size);
    Extent after = shrunk(task, before, room, limits, precious);
    save(task, append(task, id.getBytes(StandardCharsets.UTF_8), value, after, false));
    return before.count - after.count;
  }

  /**
   * @return whether there was one
   */
  boolean remove(String task, String id) {
    Extent before = extent(task);
    Extent after = forget(task, id, before);
    if (after.count == before.count) {
      return false;
    }
    save(task, after);
    return true;
  }

  /**
   * @param precious as for {@link #put}
   * @return how many values had to leave
   */
  int shrink(String task, Limits limits, Predicate<String> precious) {
    Extent before = extent(task);
    Extent after = shrunk(task, before, limits, limits, precious);
    if (after.count != before.count) {
      save(task, after);
    }
    return before.count - after.count;
  }

  /**
   * Lets all go but the newest values. Precious ones before them are renewed, as for {@link #put};
   * renewed ones stay and do not count.
   *
   * @return how many values had to leave
   */
  int keepNewest(String task, int count, Limits limits, Predicate<String> precious) {
    List<Place> newest = newest(task, count);
    Extent before = extent(task);
    long from = newest.isEmpty() ? before.next : newest.get(newest.size() - 1).arrival();
    if (from <= before.first) {
      return 0;
    }
    Extent after = pass(task, before, from - 1, NOTHING, limits, precious);
    save(task, after);
    return before.count - after.count;
  }

  /** The newest values that were not renewed, the newest first, at most so many. */
  List<Place> newest(String task, int count) {
    List<Place> newest = new ArrayList<>();
    Extent extent = extent(task);
    try (KeyValueIterator<Bytes, byte[]> entries =
        store.reverseRange(Keys.of(VALUE, task, extent.first), Keys.of(VALUE, task, extent.next))) {
      while (newest.size() < count && entries.hasNext()) {
        KeyValue<Bytes, byte[]> entry = entries.next();
        ByteBuffer buffer = ByteBuffer.wrap(entry.value);
        byte[] name = new byte[buffer.getInt()];
        buffer.get(name);
        if (!renewed(store.get(Keys.of(INDEX, task, name)))) {
          newest.add(
              new Place(
                  new String(name, StandardCharsets.UTF_8),
                  ByteBuffer.wrap(Keys.rest(entry.key)).getLong(),
                  entry.value.length - Integer.BYTES));
        }
      }
    }
    return newest;
  }

  private static boolean renewed(byte[] place) {
    return place.length > Long.BYTES + Integer.BYTES;
  }

  void clear(String task) {
    deleteAll(VALUE, task);
    deleteAll(INDEX, task);
    store.delete(Keys.of(EXTENT, task));
  }

  Optional<byte[]> find(String task, String id) {
    return Optional.ofNullable(store.get(Keys.of(INDEX, task, id)))
        .map(place -> at(task, ByteBuffer.wrap(place).getLong()));
  }

  /** All of a task's values, in order of the UTF-8 bytes of their ids. */
  List<Place> places(String task) {
    List<Place> places = new ArrayList<>();
    try (KeyValueIterator<Bytes, byte[]> entries =
        store.prefixScan(Keys.of(INDEX, task), new BytesSerializer())) {
      while (entries.hasNext()) {
        KeyValue<Bytes, byte[]> entry = entries.next();
        ByteBuffer place = ByteBuffer.wrap(entry.value);
        String id = new String(Keys.rest(entry.key), StandardCharsets.UTF_8);
        places.add(new Place(id, place.getLong(), place.getInt()));
      }
    }
    return places;
  }

  /** The value of a place that {@link #places} named. */
  byte[] at(String task, long arrival) {
    byte[] entry = store.get(Keys.of(VALUE, task, arrival));
    if (entry == null) {
      throw new IllegalStateException(
          "%s: the index names arrival %d, which is not there".formatted(task, arrival));
    }
    ByteBuffer buffer = ByteBuffer.wrap(entry);
    buffer.position(Integer.BYTES + buffer.getInt());
    byte[] value = new byte[buffer.remaining()];
    buffer.get(value);
    return value;
  }

  Extent extent(String task) {
    byte[] saved = store.get(Keys.of(EXTENT, task));
    if (saved == null) {
      return Extent.EMPTY;
    }
    ByteBuffer buffer = ByteBuffer.wrap(saved);
    return new Extent(
        buffer.getInt(),
        buffer.getLong(),
        buffer.getLong(),
        buffer.getLong(),
        // Nothing was renewed in memories of the first format.
        buffer.hasRemaining() ? buffer.getInt() : 0,
        buffer.hasRemaining() ? buffer.getLong() : 0);
  }

  private void save(String task, Extent extent) {
    store.put(
        Keys.of(EXTENT, task),
        ByteBuffer.allocate(2 * Integer.BYTES + 4 * Long.BYTES)
            .putInt(extent.count)
            .putLong(extent.bytes)
            .putLong(extent.first)
            .putLong(extent.next)
            .putInt(extent.renewed)
            .putLong(extent.renewedBytes)
            .array());
  }

  private Extent append(String task, byte[] name, byte[] value, Extent extent, boolean renewed) {
    int size = name.length + value.length;
    store.put(
        Keys.of(VALUE, task, extent.next),
        ByteBuffer.allocate(Integer.BYTES + size).putInt(name.length).put(name).put(value).array());
    ByteBuffer place =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + (renewed ? RENEWED.length : 0))
            .putLong(extent.next)
            .putInt(size);
    store.put(Keys.of(INDEX, task, name), renewed ? place.put(RENEWED).array() : place.array());
    return extent.with(size, renewed);
  }

  private Extent forget(String task, String id, Extent extent) {
    byte[] saved = store.delete(Keys.of(INDEX, task, id));
    if (saved == null) {
      return extent;
    }
    ByteBuffer place = ByteBuffer.wrap(saved);
    store.delete(Keys.of(VALUE, task, place.getLong()));
    return extent.without(place.getInt(), place.hasRemaining());
  }

  /**
   * @param room what the values may take up afterwards
   * @param limits what renewed values may take up half of
   */
  private Extent shrunk(
      String task, Extent extent, Limits room, Limits limits, Predicate<String> precious) {
    Extent left = pass(task, extent, extent.next, room, limits, precious);
    // One large value may need more than half.
    return pass(task, left, left.next, room, limits, id -> false);
  }

  /**
   * Lets the oldest go or renews them, each at most once, until the rest fits.
   *
   * @param last no arrival after this one is touched
   */
  private Extent pass(
      String task,
      Extent extent,
      long last,
      Limits room,
      Limits limits,
      Predicate<String> precious) {
    if (extent.within(room)) {
      return extent;
    }
    Extent left = extent;
    // From the first arrival that may be left, not from the prefix: RocksDB would walk over the
    // graves of everything that has left since it last compacted.
    try (KeyValueIterator<Bytes, byte[]> oldest =
        store.range(Keys.of(VALUE, task, extent.first), Keys.of(VALUE, task, last))) {
      while (!left.within(room) && oldest.hasNext()) {
        KeyValue<Bytes, byte[]> entry = oldest.next();
        ByteBuffer buffer = ByteBuffer.wrap(entry.value);
        byte[] name = new byte[buffer.getInt()];
        buffer.get(name);
        int size = entry.value.length - Integer.BYTES;
        store.delete(entry.key);
        byte[] place = store.delete(Keys.of(INDEX, task, name));
        left =
            left.without(size, renewed(place))
                .from(ByteBuffer.wrap(Keys.rest(entry.key)).getLong() + 1);
        if (left.mayRenew(size, limits)
            && precious.test(new String(name, StandardCharsets.UTF_8))) {
          byte[] value = new byte[buffer.remaining()];
          buffer.get(value);
          left = append(task, name, value, left, true);
        }
      }
    }
    return left;
  }

  private void deleteAll(byte kind, String task) {
    try (KeyValueIterator<Bytes, byte[]> entries =
        store.prefixScan(Keys.of(kind, task), new BytesSerializer())) {
      while (entries.hasNext()) {
        store.delete(entries.next().key);
      }
    }
  }
}
