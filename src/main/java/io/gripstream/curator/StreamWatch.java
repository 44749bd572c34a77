package io.gripstream.curator;

import io.gripstream.clip.Float16;
import io.gripstream.event.Sample;
import io.gripstream.refine.judge.Drift;
import io.gripstream.refine.judge.DriftReference;
import io.gripstream.refine.judge.Sketch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Watches whether a task's stream still shows what it showed, and keeps in a store what that takes.
 *
 * <p>The reference is formed from the pool: when a batch is closed, for the prompt that comes of
 * it; and, where there is none, after {@link DriftReference#LEAST} samples, again at twice as many
 * and so on while the zero-shot prompt is live. Only samples since the stream last changed count,
 * and no renewed ones: those are of any time.
 *
 * <p>A sample costs one small record; the rest is written once in a block or more rarely:
 *
 * <pre>
 *   OPEN       8 bytes  samples since the stream last changed
 *              4 K      sum of the sketches since the last whole block
 *   BLOCK i    4 K      sum of a whole block; i counts round a ring
 *   REFERENCE           what the stream is compared with
 *   PENDING    4 bytes  the version that a closed batch is for
 *                       the reference that goes with it
 * </pre>
 *
 * <p>Not thread safe; the caller owns the store.
 */
final class StreamWatch {
  private static final byte OPEN = 0;
  private static final byte BLOCK = 1;
  private static final byte REFERENCE = 2;
  private static final byte PENDING = 3;

  /** More samples would make a reference no sharper than the windows that are held against it. */
  private static final int MOST = 2000;

  private final KeyValueStore<Bytes, byte[]> store;
  private final SamplePool pool;
  private final Encoding<Sample> samples;

  /** Mirrors the store: 10 kB a task, which would be decoded again for each block. */
  private final Map<String, DriftReference> references = new HashMap<>();

  StreamWatch(KeyValueStore<Bytes, byte[]> store, SamplePool pool, Encoding<Sample> samples) {
    this.store = store;
    this.pool = pool;
    this.samples = samples;
  }

  /**
   * Sees a sample that has come into the pool.
   *
   * @param settling whether the reference may follow the stream, since nothing was refined for it
   * @return that the stream has changed; all that was known of it is forgotten then
   */
  Optional<Drift.Alarm> arrived(String task, Sample sample, boolean settling) {
    float[] sketch = Sketch.of(Float16.decode(sample.getFeature()));
    if (!finite(sketch)) {
      return Optional.empty();
    }
    ByteBuffer open = open(task, sketch.length);
    long seen = open.getLong() + 1;
    float[] sum = floats(open, sketch.length);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += sketch[i];
    }
    boolean whole = seen % Drift.BLOCK == 0;
    if (whole) {
      store.put(Keys.of(BLOCK, task, slot(seen)), bytes(sum));
    }
    store.put(
        Keys.of(OPEN, task),
        ByteBuffer.allocate(Long.BYTES + sum.length * Float.BYTES)
            .putLong(seen)
            .put(bytes(whole ? new float[sum.length] : sum))
            .array());
    if (!whole) {
      return Optional.empty();
    }
    Optional<DriftReference> reference = reference(task);
    if (reference.isEmpty() ? seen % DriftReference.LEAST == 0 : settling && doubled(seen)) {
      form(task, seen).ifPresent(formed -> adopt(task, formed));
      return Optional.empty();
    }
    Optional<Drift.Alarm> alarm =
        reference.flatMap(known -> Drift.test(known, blocks(task, seen, sum.length)));
    if (alarm.isPresent()) {
      forget(task);
    }
    return alarm;
  }

  /** A batch was closed for a version: what the pool shows now is what it will be made for. */
  void closed(String task, int version) {
    byte[] open = store.get(Keys.of(OPEN, task));
    byte[] pending =
        open == null
            ? null
            : form(task, ByteBuffer.wrap(open).getLong())
                .map(DriftReferenceCodec::encode)
                .map(
                    bytes ->
                        ByteBuffer.allocate(Integer.BYTES + bytes.length)
                            .putInt(version)
                            .put(bytes)
                            .array())
                .orElse(null);
    store.put(Keys.of(PENDING, task), pending);
  }

  /**
   * What the pool was worth that the last batch was closed with ({@link DriftReference#worth}).
   *
   * @return empty where that batch is not this version's, or had too few samples to say
   */
  OptionalDouble worth(String task, int version) {
    return pending(task, version).stream().mapToDouble(DriftReference::worth).findFirst();
  }

  /** A version went live; if no batch was closed for it, the stream is compared as before. */
  void serving(String task, int version) {
    pending(task, version).ifPresent(reference -> adopt(task, reference));
    store.delete(Keys.of(PENDING, task));
  }

  private Optional<DriftReference> pending(String task, int version) {
    byte[] pending = store.get(Keys.of(PENDING, task));
    return pending == null || ByteBuffer.wrap(pending).getInt() != version
        ? Optional.empty()
        : Optional.of(DriftReferenceCodec.decode(ByteBuffer.wrap(pending).position(Integer.BYTES)));
  }

  void forget(String task) {
    references.remove(task);
    store.delete(Keys.of(OPEN, task));
    store.delete(Keys.of(REFERENCE, task));
    store.delete(Keys.of(PENDING, task));
    for (int slot = 0; slot < Drift.BLOCKS; slot++) {
      store.delete(Keys.of(BLOCK, task, slot));
    }
  }

  private Optional<DriftReference> form(String task, long seen) {
    List<float[]> sketches = new ArrayList<>();
    for (SamplePool.Place place : pool.newest(task, (int) Math.min(seen, MOST))) {
      float[] sketch =
          Sketch.of(Float16.decode(samples.decode(pool.at(task, place.arrival())).getFeature()));
      if (finite(sketch)) {
        sketches.add(sketch);
      }
    }
    return DriftReference.of(sketches);
  }

  private Optional<DriftReference> reference(String task) {
    if (!references.containsKey(task)) {
      byte[] saved = store.get(Keys.of(REFERENCE, task));
      if (saved == null) {
        return Optional.empty();
      }
      references.put(task, DriftReferenceCodec.decode(ByteBuffer.wrap(saved)));
    }
    return Optional.of(references.get(task));
  }

  private void adopt(String task, DriftReference reference) {
    store.put(Keys.of(REFERENCE, task), DriftReferenceCodec.encode(reference));
    references.put(task, reference);
  }

  /** The newest first. */
  private List<float[]> blocks(String task, long seen, int length) {
    List<float[]> blocks = new ArrayList<>();
    for (long at = seen; at > 0 && blocks.size() < Drift.BLOCKS; at -= Drift.BLOCK) {
      blocks.add(floats(ByteBuffer.wrap(store.get(Keys.of(BLOCK, task, slot(at)))), length));
    }
    return blocks;
  }

  private ByteBuffer open(String task, int length) {
    byte[] saved = store.get(Keys.of(OPEN, task));
    return saved == null
        ? ByteBuffer.allocate(Long.BYTES + length * Float.BYTES)
        : ByteBuffer.wrap(saved);
  }

  private static long slot(long seen) {
    return seen / Drift.BLOCK % Drift.BLOCKS;
  }

  /** Whether it is the least reference's size, or twice that, or four times. */
  private static boolean doubled(long seen) {
    return seen % DriftReference.LEAST == 0 && Long.bitCount(seen / DriftReference.LEAST) == 1;
  }

  private static boolean finite(float[] sketch) {
    for (float each : sketch) {
      if (!Float.isFinite(each)) {
        return false;
      }
    }
    return true;
  }

  private static float[] floats(ByteBuffer buffer, int length) {
    float[] floats = new float[length];
    buffer.asFloatBuffer().get(floats);
    return floats;
  }

  private static byte[] bytes(float[] floats) {
    ByteBuffer buffer = ByteBuffer.allocate(floats.length * Float.BYTES);
    buffer.asFloatBuffer().put(floats);
    return buffer.array();
  }
}
