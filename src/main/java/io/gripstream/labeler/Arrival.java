package io.gripstream.labeler;

import io.gripstream.event.ImageEvent;
import io.gripstream.image.ImageReader;
import io.gripstream.kafka.Keys;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * An image event that is well-formed: it has an image id, and exactly one image.
 *
 * @param tasks the tasks that are named, each once; empty: all
 */
record Arrival(
    ConsumerRecord<byte[], byte[]> record, String imageId, ImageEvent event, Set<String> tasks) {

  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

  /**
   * Reads a record of {@code images}.
   *
   * @throws RejectedEventException when it is no well-formed image event
   */
  static Arrival parse(ConsumerRecord<byte[], byte[]> record, Deserializer<ImageEvent> events)
      throws RejectedEventException {
    String imageId;
    try {
      imageId = Keys.text(record);
    } catch (SerializationException e) {
      throw new RejectedEventException("no image id: " + e.getMessage(), e);
    }
    ImageEvent event;
    try {
      event = events.deserialize(record.topic(), record.value());
    } catch (SerializationException e) {
      throw new RejectedEventException("not an image event: " + e.getMessage(), e);
    }
    if (event == null) {
      throw new RejectedEventException("not an image event: there is no value");
    }
    if ((event.getContent() == null) == (event.getUri() == null)) {
      throw new RejectedEventException("exactly one of content and uri must be given");
    }
    if (event.getUri() != null && event.getSha256() == null) {
      throw new RejectedEventException("a uri must come with a sha256");
    }
    if (event.getSha256() != null && !SHA_256.matcher(event.getSha256()).matches()) {
      throw new RejectedEventException("sha256 must be 64 lower-case hexadecimal digits");
    }
    return new Arrival(record, imageId, event, new LinkedHashSet<>(event.getTasks()));
  }

  /** The place that must answer for the image to be there: a host or a bucket, as in its URI. */
  Optional<String> place() {
    if (event.getUri() == null) {
      return Optional.empty();
    }
    return Optional.of(ImageReader.place(event.getUri()));
  }

  /** Whether something that an event may wait for is a place, and not a task. */
  static boolean isPlace(String key) {
    return key.indexOf(':') >= 0;
  }

  /** What the event may have to wait for: its tasks' prompts, and its image's place. */
  Set<String> keys() {
    if (event.getUri() == null) {
      return tasks;
    }
    Set<String> keys = new LinkedHashSet<>(tasks);
    place().ifPresent(keys::add);
    return keys;
  }
}
