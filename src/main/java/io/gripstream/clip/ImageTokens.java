package io.gripstream.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Images as the image tower's first layer sees them, {@code [N, L, W]}: all of the tower's work
 * that no visual prompt changes, done once and kept on the device. Takes {@code 4 N L W} bytes of
 * native memory until it is closed; not thread-safe.
 */
public final class ImageTokens implements AutoCloseable {
  /** Images that go through the tower together: more gain nothing, and take memory. */
  private static final int BATCH = 64;

  private final TorchClip clip;
  private final NDManager manager;
  private final List<NDArray> chunks = new ArrayList<>();
  private int size;
  private long encodings;

  ImageTokens(TorchClip clip, NDManager manager) {
    this.clip = clip;
    this.manager = manager;
  }

  /**
   * Adds images.
   *
   * @param pixels as {@link Preprocessor} makes them, each {@code [S, S, 3]} bytes
   */
  public void add(List<byte[]> pixels) {
    if (pixels.isEmpty()) {
      return;
    }
    try (NDManager scope = manager.newSubManager()) {
      NDArray tokens = clip.tokens(scope, pixels);
      tokens.attach(manager);
      chunks.add(tokens);
      size += pixels.size();
    }
  }

  /**
   * Forgets all images but some.
   *
   * @param rows which stay; from now on these are numbered so
   */
  public void keep(int[] rows) {
    try (NDArray before = all();
        NDArray index = manager.create(Arrays.stream(rows).asLongStream().toArray())) {
      chunks.set(0, before.get(index));
    }
    size = rows.length;
  }

  /** How many images there are. */
  public int size() {
    return size;
  }

  /** How many images went through the rest of the tower so far, each time counted. */
  public long encodings() {
    return encodings;
  }

  void count(long images) {
    encodings += images;
  }

  /**
   * The image features behind a visual prefix.
   *
   * @param prefix {@code [V, W]}; null: none
   * @param rows which images
   * @return {@code [rows, D]}, of unit length
   */
  public FloatTensor features(FloatTensor prefix, int[] rows) {
    int length = clip.featureSize();
    float[] features = new float[rows.length * length];
    NDArray all = all();
    for (int from = 0; from < rows.length; from += BATCH) {
      int count = Math.min(BATCH, rows.length - from);
      long[] batch = new long[count];
      for (int i = 0; i < count; i++) {
        batch[i] = rows[from + i];
      }
      try (NDManager scope = manager.newSubManager()) {
        FloatTensor found = clip.encodeTokens(scope, all, scope.create(batch), prefix);
        System.arraycopy(found.values(), 0, features, from * length, count * length);
      }
    }
    encodings += rows.length;
    return FloatTensor.matrix(rows.length, length, features);
  }

  /** All of them in one array, {@code [N, L, W]}. */
  NDArray all() {
    if (chunks.size() != 1) {
      if (chunks.isEmpty()) {
        throw new IllegalStateException("there are no images");
      }
      NDArray joined = NDArrays.concat(new NDList(chunks));
      joined.attach(manager);
      chunks.forEach(NDArray::close);
      chunks.clear();
      chunks.add(joined);
    }
    return chunks.get(0);
  }

  @Override
  public void close() {
    manager.close();
  }
}
