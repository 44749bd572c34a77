package io.gripstream.kafka.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * One class of records in Confluent's wire format: a zero byte, the schema's id (4 bytes, big
 * endian), and the record in Avro's binary encoding.
 *
 * <p>What is read was written with the schema that the id names, and is resolved to the schema of
 * this build by Avro's rules, so that writers and readers need not be upgraded together. Whatever
 * is wrong with the bytes is a {@link SerializationException}, which says what; a registry that
 * does not answer is a {@link RegistryUnavailableException}, which says nothing of the bytes. May
 * be used by many threads. The registry stays its creator's to close.
 */
public final class AvroSerde<T extends SpecificRecord> implements Serde<T> {
  private static final byte MAGIC = 0;
  private static final int HEADER_BYTES = 5;

  /** A writer's schema and how to read what it wrote. */
  private record Reading<T>(Schema writer, DatumReader<T> reader) {}

  private final SchemaRegistry registry;
  private final Class<T> type;
  private final SpecificData model;
  private final Schema schema;
  private final Schema published;
  private final SpecificDatumWriter<T> writer;
  private final Map<String, Integer> idsByTopic = new ConcurrentHashMap<>();
  private final Map<Integer, Reading<T>> readings = new ConcurrentHashMap<>();

  public AvroSerde(SchemaRegistry registry, Class<T> type) {
    this.registry = registry;
    this.type = type;
    this.model = SpecificData.getForClass(type);
    this.schema = model.getSchema(type);
    this.published = PublishedSchema.of(schema);
    this.writer = new SpecificDatumWriter<>(schema, model);
  }

  @Override
  public Serializer<T> serializer() {
    return this::serialize;
  }

  @Override
  public Deserializer<T> deserializer() {
    return this::deserialize;
  }

  /**
   * @throws SerializationException if a field without a default is missing, or of a wrong type
   * @throws IncompatibleSchemaException if the registry refuses this build's schema
   * @throws RegistryUnavailableException if the registry does not answer
   */
  public byte[] serialize(String topic, T value) {
    if (value == null) {
      return null;
    }
    Integer id = idsByTopic.get(topic);
    if (id == null) {
      id = registry.register(topic + "-value", published);
      idsByTopic.put(topic, id);
    }
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.write(MAGIC);
      bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(id).array());
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
      writer.write(value, encoder);
      encoder.flush();
      return bytes.toByteArray();
    } catch (IOException | RuntimeException e) {
      throw new SerializationException("not a valid " + type.getSimpleName() + ": " + e, e);
    }
  }

  /**
   * @throws SerializationException if the bytes are not such a record
   * @throws RegistryUnavailableException if the registry does not answer
   */
  public T deserialize(String topic, byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    if (bytes.length < HEADER_BYTES || bytes[0] != MAGIC) {
      throw malformed("it does not start with a zero byte and a schema id", null);
    }
    Reading<T> reading = reading(ByteBuffer.wrap(bytes).getInt(1));
    try {
      // Avro sets memory aside for whatever length it reads. Skipping does not, and fails where the
      // bytes end.
      BinaryDecoder decoder = decoder(bytes);
      GenericDatumReader.skip(reading.writer(), decoder);
      if (!decoder.isEnd()) {
        throw malformed("there are bytes left behind its end", null);
      }
      return reading.reader().read(null, decoder(bytes));
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw e instanceof SerializationException known ? known : malformed(e.toString(), e);
    }
  }

  private Reading<T> reading(int id) {
    Reading<T> known = readings.get(id);
    if (known != null) {
      return known;
    }
    Schema written;
    try {
      written = registry.byId(id);
    } catch (UnknownSchemaException e) {
      throw malformed(e.getMessage(), e);
    }
    Reading<T> reading = new Reading<>(written, new SpecificDatumReader<>(written, schema, model));
    readings.put(id, reading);
    return reading;
  }

  private static BinaryDecoder decoder(byte[] bytes) {
    return DecoderFactory.get()
        .binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null);
  }

  private SerializationException malformed(String why, Throwable cause) {
    return new SerializationException("not a valid " + type.getSimpleName() + ": " + why, cause);
  }
}
