package io.gripstream.curator;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * A record of an input topic, as it came, and where from.
 *
 * @param key null where it has none
 * @param value null for a tombstone
 * @param position under what the partition's position is kept: unlike the topic's name, another one
 *     if the topic is made anew. Null for what an older program left in the repartition topic
 * @param time its timestamp, in milliseconds since 1970; -1 for what an older program left there
 */
record Arrival(
    String topic,
    int partition,
    long offset,
    byte[] key,
    byte[] value,
    String position,
    long time) {
  /**
   *
   *
   * <pre>
   *   topic      UTF, as {@link DataOutputStream#writeUTF} has it
   *   partition  4 bytes
   *   offset     8 bytes
   *   key        4 bytes of length, -1 for null, and the bytes
   *   value      the same
   *   position   UTF
   *   time       8 bytes
   * </pre>
   */
  static Serde<Arrival> serde() {
    return Serdes.serdeFrom((topic, arrival) -> encode(arrival), (topic, bytes) -> decode(bytes));
  }

  /** Bytes of key and value. */
  long size() {
    return (key == null ? 0L : key.length) + (value == null ? 0L : value.length);
  }

  private static byte[] encode(Arrival arrival) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) arrival.size() + 128);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(arrival.topic);
      out.writeInt(arrival.partition);
      out.writeLong(arrival.offset);
      write(out, arrival.key);
      write(out, arrival.value);
      out.writeUTF(arrival.position);
      out.writeLong(arrival.time);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Arrival decode(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      return new Arrival(
          in.readUTF(),
          in.readInt(),
          in.readLong(),
          read(in),
          read(in),
          in.available() == 0 ? null : in.readUTF(),
          in.available() == 0 ? ConsumerRecord.NO_TIMESTAMP : in.readLong());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  private static byte[] read(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length < 0 ? null : in.readNBytes(length);
  }
}
