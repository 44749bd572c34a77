package io.gripstream.workshop.experiment;

import io.gripstream.clip.Float16;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Image features on disk, so that no image is encoded twice, whatever it is called: records of an
 * image's SHA-256 (32 bytes) and its feature ({@code D} halves, little-endian), one behind another,
 * only ever appended. A record that a killed process left half-written is cut off; one that is no
 * feature of unit length does not count. Several processes may share a file: each locks it while it
 * looks or writes. Not thread-safe.
 */
final class FeatureStore implements AutoCloseable {
  private static final int DIGEST = 32;
  private static final int RECORDS_AT_ONCE = 1024;
  private static final double ROUNDING = 0.02;

  private final FileChannel channel;
  private final int featureBytes;
  private final Map<String, Long> positions = new HashMap<>();

  /** Up to where the file is known, in bytes; a whole number of records. */
  private long known;

  /**
   * Opens a file, or begins it.
   *
   * @param file is of one model and one arithmetic
   * @param featureSize {@code D}
   */
  FeatureStore(Path file, int featureSize) throws IOException {
    this.featureBytes = featureSize * Float16.BYTES;
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    this.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (FileLock lock = channel.lock()) {
      refresh();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Whether there is a feature for an image with these bytes. */
  boolean contains(String sha256) {
    return positions.containsKey(sha256);
  }

  /**
   * @return the feature as halves
   * @throws IllegalArgumentException when there is none
   */
  byte[] get(String sha256) throws IOException {
    Long position = positions.get(sha256);
    if (position == null) {
      throw new IllegalArgumentException("no feature of " + sha256);
    }
    ByteBuffer feature = ByteBuffer.allocate(featureBytes);
    fill(feature, position + DIGEST);
    return feature.array();
  }

  /**
   * Appends what is not there yet.
   *
   * @param features halves, by the image's SHA-256
   */
  void add(Map<String, byte[]> features) throws IOException {
    try (FileLock lock = channel.lock()) {
      refresh();
      channel.truncate(known);
      ByteBuffer records = ByteBuffer.allocate(features.size() * record());
      for (Map.Entry<String, byte[]> entry : features.entrySet()) {
        if (entry.getValue().length != featureBytes) {
          throw new IllegalArgumentException(
              "%d bytes where %d make a feature".formatted(entry.getValue().length, featureBytes));
        }
        if (!contains(entry.getKey())) {
          positions.put(entry.getKey(), known + records.position());
          records.put(HexFormat.of().parseHex(entry.getKey())).put(entry.getValue());
        }
      }
      records.flip();
      while (records.hasRemaining()) {
        known += channel.write(records, known);
      }
    }
  }

  /** Learns of the records that came since the last look. */
  private void refresh() throws IOException {
    long end = channel.size() - channel.size() % record();
    while (known < end) {
      int count = (int) Math.min(RECORDS_AT_ONCE, (end - known) / record());
      ByteBuffer records = ByteBuffer.allocate(count * record());
      fill(records, known);
      records.flip();
      byte[] digest = new byte[DIGEST];
      for (int i = 0; i < count; i++) {
        records.get(digest);
        ByteBuffer feature = records.slice(records.position(), featureBytes);
        if (isUnit(Float16.decode(feature))) {
          positions.put(HexFormat.of().formatHex(digest), known + (long) i * record());
        }
        records.position(records.position() + featureBytes);
      }
      known += (long) count * record();
    }
  }

  private static boolean isUnit(float[] feature) {
    double square = 0;
    for (float value : feature) {
      square += (double) value * value;
    }
    return Math.abs(square - 1) < ROUNDING;
  }

  private void fill(ByteBuffer buffer, long position) throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, at);
      if (read < 0) {
        throw new EOFException("the feature cache became shorter while it was read");
      }
      at += read;
    }
  }

  private int record() {
    return DIGEST + featureBytes;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
