package io.gripstream.gateway.stream;

import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.RecordReader;
import io.gripstream.kafka.UnreadableRecordException;
import io.gripstream.kafka.registry.TopicSerdes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The images as they came in, read again from their topic; the latest ones asked for are kept.
 * Thread-safe.
 */
public final class ImageStore {
  private static final long KEPT_BYTES = 16L << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final RecordReader reader;
  private final String topic;
  private final TopicSerdes serdes;

  /** Least recently used first; guarded by this. */
  private final Map<Position, Stored> kept = new LinkedHashMap<>(64, 0.75f, true);

  private long keptBytes;

  public ImageStore(RecordReader reader, String topic, TopicSerdes serdes) {
    this.reader = reader;
    this.topic = topic;
    this.serdes = serdes;
  }

  /**
   * What an image event carried.
   *
   * @param content the encoded image; null when the event named a place instead
   * @param uri that place; null when it carried the image
   */
  public record Stored(byte[] content, String uri) {}

  /**
   * Reads an image event again.
   *
   * @throws UnreadableRecordException when it is not to be had
   */
  public Stored read(int partition, long offset) throws UnreadableRecordException {
    Position position = new Position(partition, offset);
    synchronized (this) {
      Stored known = kept.get(position);
      if (known != null) {
        return known;
      }
    }
    ConsumerRecord<String, byte[]> record = reader.read(topic, partition, offset, TIMEOUT);
    if (record.value() == null) {
      throw UnreadableRecordException.missing(topic, partition, offset);
    }
    ImageEvent event = serdes.images().deserializer().deserialize(topic, record.value());
    Stored stored = new Stored(bytes(event.getContent()), event.getUri());
    keep(position, stored);
    return stored;
  }

  private synchronized void keep(Position position, Stored stored) {
    if (stored.content == null || stored.content.length > KEPT_BYTES / 8) {
      return;
    }
    if (kept.put(position, stored) == null) {
      keptBytes += stored.content.length;
    }
    for (Iterator<Stored> eldest = kept.values().iterator(); keptBytes > KEPT_BYTES; ) {
      keptBytes -= eldest.next().content.length;
      eldest.remove();
    }
  }

  /** A copy; null of null. */
  static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
