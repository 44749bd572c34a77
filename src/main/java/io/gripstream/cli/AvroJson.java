package io.gripstream.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;

/**
 * Avro values as JSON for people to read: unions without their branch, bytes as their number, or in
 * Base64 where everything is wanted.
 */
final class AvroJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final boolean full;

  /**
   * @param full whether bytes are written out
   */
  AvroJson(boolean full) {
    this.full = full;
  }

  JsonNode of(Object value) {
    if (value == null) {
      return NODES.nullNode();
    } else if (value instanceof IndexedRecord record) {
      ObjectNode node = NODES.objectNode();
      record
          .getSchema()
          .getFields()
          .forEach(field -> node.set(field.name(), of(record.get(field.pos()))));
      return node;
    } else if (value instanceof Map<?, ?> map) {
      ObjectNode node = NODES.objectNode();
      map.forEach((key, each) -> node.set(key.toString(), of(each)));
      return node;
    } else if (value instanceof Collection<?> values) {
      ArrayNode node = NODES.arrayNode();
      values.forEach(each -> node.add(of(each)));
      return node;
    } else if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return bytes(bytes);
    } else if (value instanceof GenericFixed fixed) {
      return bytes(fixed.bytes());
    } else if (value instanceof Integer number) {
      return NODES.numberNode(number);
    } else if (value instanceof Long number) {
      return NODES.numberNode(number);
    } else if (value instanceof Float number) {
      return NODES.numberNode(number);
    } else if (value instanceof Double number) {
      return NODES.numberNode(number);
    } else if (value instanceof Boolean truth) {
      return NODES.booleanNode(truth);
    }
    return NODES.textNode(value.toString());
  }

  private JsonNode bytes(byte[] bytes) {
    return NODES.textNode(
        full ? Base64.getEncoder().encodeToString(bytes) : "%d bytes".formatted(bytes.length));
  }
}
