package io.gripstream.curator;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Bytes;

/**
 * Keys within a store: a byte that names the kind of entry, the length of the task's name, the
 * name, and what tells the entries of one kind and task apart. With the length in front no task's
 * prefix is the prefix of another task's.
 */
final class Keys {
  private Keys() {}

  /** The key of a task's only entry of a kind, and the prefix of all of them. */
  static Bytes of(byte kind, String task) {
    return of(kind, task, new byte[0]);
  }

  static Bytes of(byte kind, String task, byte[] rest) {
    byte[] name = task.getBytes(StandardCharsets.UTF_8);
    return Bytes.wrap(
        ByteBuffer.allocate(1 + Integer.BYTES + name.length + rest.length)
            .put(kind)
            .putInt(name.length)
            .put(name)
            .put(rest)
            .array());
  }

  /**
   * @param number not negative, so that bytes and numbers have one order
   */
  static Bytes of(byte kind, String task, long number) {
    return of(kind, task, ByteBuffer.allocate(Long.BYTES).putLong(number).array());
  }

  static Bytes of(byte kind, String task, String id) {
    return of(kind, task, id.getBytes(StandardCharsets.UTF_8));
  }

  /** What follows the task's name. */
  static byte[] rest(Bytes key) {
    byte[] bytes = key.get();
    int name = ByteBuffer.wrap(bytes).getInt(1);
    return Arrays.copyOfRange(bytes, 1 + Integer.BYTES + name, bytes.length);
  }
}
