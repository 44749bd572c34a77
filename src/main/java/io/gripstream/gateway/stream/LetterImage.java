package io.gripstream.gateway.stream;

import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.registry.AvroSerde;
import java.util.Optional;
import org.apache.kafka.common.errors.SerializationException;

/**
 * The image in a dead letter: what could not be processed may still be shown.
 *
 * @param content the encoded image, as it came
 * @param type by its first bytes
 */
public record LetterImage(byte[] content, ImageType type) {
  /**
   * Finds the image in a letter's value, which is an image event, an image itself, or anything
   * else.
   *
   * @param value of the letter; may be null
   */
  public static Optional<LetterImage> in(
      byte[] value, AvroSerde<ImageEvent> images, String imagesTopic) {
    if (value == null) {
      return Optional.empty();
    }
    Optional<LetterImage> bare = of(value);
    return bare.isPresent() ? bare : content(value, images, imagesTopic).flatMap(LetterImage::of);
  }

  private static Optional<LetterImage> of(byte[] bytes) {
    return ImageType.of(bytes).map(type -> new LetterImage(bytes, type));
  }

  private static Optional<byte[]> content(
      byte[] value, AvroSerde<ImageEvent> images, String imagesTopic) {
    ImageEvent event;
    try {
      event = images.deserializer().deserialize(imagesTopic, value);
    } catch (SerializationException e) {
      // That it is no image event may be why it is here.
      return Optional.empty();
    }
    return Optional.ofNullable(ImageStore.bytes(event.getContent()));
  }
}
