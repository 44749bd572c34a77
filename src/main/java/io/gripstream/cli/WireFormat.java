package io.gripstream.cli;

import io.gripstream.kafka.registry.SchemaRegistry;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/**
 * Decodes records as a stranger would: by the schema that the record itself names (Confluent's wire
 * format: a zero byte, the schema's id in four bytes, Avro's binary encoding).
 */
final class WireFormat {
  private static final int HEADER = 5;

  private final SchemaRegistry registry;

  WireFormat(SchemaRegistry registry) {
    this.registry = registry;
  }

  /**
   * @throws CommandFailure when the bytes are not in the wire format
   */
  GenericRecord decode(byte[] bytes) {
    if (bytes.length < HEADER || bytes[0] != 0) {
      throw new CommandFailure("a record is not in Confluent's wire format");
    }
    int id = java.nio.ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt();
    Schema schema = registry.byId(id);
    try {
      return new GenericDatumReader<GenericRecord>(schema)
          .read(
              null, DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, null));
    } catch (IOException e) {
      throw new CommandFailure("a record does not follow its schema " + schema.getFullName(), e);
    }
  }
}
