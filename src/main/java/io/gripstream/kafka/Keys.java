package io.gripstream.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;

/** Keys are UTF-8 strings, and there always is one. */
public final class Keys {
  private Keys() {}

  public static byte[] bytes(String key) {
    return key.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * @throws SerializationException if there is no key, or it is empty or not UTF-8
   */
  public static String text(ConsumerRecord<byte[], ?> record) {
    if (record.key() == null || record.key().length == 0) {
      throw new SerializationException("the record has no key");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(record.key())).toString();
    } catch (CharacterCodingException e) {
      throw new SerializationException("the record's key is not UTF-8", e);
    }
  }
}
