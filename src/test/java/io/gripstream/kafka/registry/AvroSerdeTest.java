package io.gripstream.kafka.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.ImageEvent;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvroSerdeTest {
  private final MemoryRegistry registry = new MemoryRegistry();
  private final AvroSerde<RoundEvent> rounds = new AvroSerde<>(registry, RoundEvent.class);
  private final AvroSerde<LabelEvent> labels = new AvroSerde<>(registry, LabelEvent.class);

  @Test
  void aRecordComesBackAsItWas() {
    assertThat(rounds.deserialize("rounds", rounds.serialize("rounds", round())))
        .isEqualTo(round());
  }

  @Test
  void nullIsATombstoneBothWays() {
    assertThat(rounds.serialize("rounds", null)).isNull();
    assertThat(rounds.deserialize("rounds", null)).isNull();
  }

  @Test
  void anyAvroReaderWithTheRegisteredSchemaDecodesTheBytes() throws Exception {
    byte[] bytes = rounds.serialize("rounds", round());
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    assertThat(buffer.get()).isZero();
    Schema schema = registry.byId(buffer.getInt());
    GenericRecord record =
        new GenericDatumReader<GenericRecord>(schema)
            .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
    assertThat(record.get("task")).hasToString("seasons");
    assertThat(record.get("type")).hasToString("PROMOTED");
    assertThat(record.get("at")).isEqualTo(1_700_000_000_123L);
    assertThat(registry.subjects).containsExactly("rounds-value");
  }

  @Test
  void theRegisteredSchemaIsTheContractWithoutJavaInIt() throws Exception {
    rounds.serialize("rounds", round());
    Schema.Parser parser = new Schema.Parser();
    // It names what the definition of a task defines.
    parser.parse(new java.io.File("schemas/task-definition.avsc"));
    Schema contract = parser.parse(new java.io.File("schemas/round-event.avsc"));
    assertThat(registry.schemas.get(0).toString()).isEqualTo(contract.toString());
  }

  @Test
  void readsWhatAnOlderOrNewerWriterWrote() throws Exception {
    Schema newer =
        SchemaBuilder.record("LabelEvent")
            .namespace("io.gripstream.event")
            .fields()
            .requiredString("imageId")
            .requiredInt("addedLater")
            .endRecord();
    GenericData.Record record = new GenericData.Record(newer);
    record.put("imageId", "one");
    record.put("addedLater", 7);
    LabelEvent read = labels.deserialize("labels", written(newer, record));
    assertThat(read.getImageId()).isEqualTo("one");
    assertThat(read.getLabel()).isNull();
  }

  @Test
  void largeContentPasses() {
    AvroSerde<ImageEvent> images = new AvroSerde<>(registry, ImageEvent.class);
    ByteBuffer content = ByteBuffer.allocate(10 * 1024 * 1024);
    ImageEvent event = ImageEvent.newBuilder().setContent(content).build();
    assertThat(images.deserialize("i", images.serialize("i", event))).isEqualTo(event);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void tooFewBytesAreRefused(int length) {
    assertThatThrownBy(() -> rounds.deserialize("rounds", new byte[length]))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("does not start with a zero byte and a schema id");
  }

  @Test
  void anotherFirstByteIsRefused() {
    byte[] bytes = rounds.serialize("rounds", round());
    bytes[0] = '{';
    assertThatThrownBy(() -> rounds.deserialize("rounds", bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("not a valid RoundEvent");
  }

  @Test
  void anUnknownSchemaIsRefused() {
    byte[] bytes = {0, 0, 0, 1, 0, 2, 2, 2};
    assertThatThrownBy(() -> rounds.deserialize("rounds", bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("no schema has the id 256");
  }

  @Test
  void aRecordOfAnotherClassIsRefused() {
    byte[] bytes = labels.serialize("labels", LabelEvent.newBuilder().setImageId("one").build());
    assertThatThrownBy(() -> rounds.deserialize("labels", bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("not a valid RoundEvent");
  }

  @Test
  void bytesBehindTheEndAreRefused() {
    byte[] bytes = rounds.serialize("rounds", round());
    byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> rounds.deserialize("rounds", longer))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("bytes left");
  }

  @Test
  void aRecordCutAnywhereIsRefusedAndNothingElse() {
    byte[] bytes = rounds.serialize("rounds", round());
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> rounds.deserialize("rounds", cut))
          .isInstanceOf(SerializationException.class);
    }
  }

  @Test
  void anAnnouncedLengthOfGigabytesTakesNoMemory() throws Exception {
    AvroSerde<ImageEvent> images = new AvroSerde<>(registry, ImageEvent.class);
    byte[] start = images.serialize("images", ImageEvent.newBuilder().build());
    ByteArrayOutputStream hostile = new ByteArrayOutputStream();
    hostile.write(start, 0, 5);
    var encoder = EncoderFactory.get().binaryEncoder(hostile, null);
    encoder.writeIndex(1);
    // A length of bytes is written as a long.
    encoder.writeLong(Integer.MAX_VALUE - 100);
    encoder.flush();
    long before = Runtime.getRuntime().maxMemory();
    assertThat(before).as("the test would pass by luck").isLessThan(16L << 30);
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> images.deserialize("images", hostile.toByteArray()))
          .isInstanceOf(SerializationException.class);
    }
  }

  @Test
  void aRecordWithAMissingFieldCannotBeWritten() {
    assertThatThrownBy(() -> labels.serialize("labels", new LabelEvent()))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("not a valid LabelEvent");
  }

  @Test
  void aRegistryThatDoesNotAnswerSaysNothingOfTheBytes() {
    byte[] bytes = rounds.serialize("rounds", round());
    registry.down = true;
    AvroSerde<RoundEvent> fresh = new AvroSerde<>(registry, RoundEvent.class);
    assertThatThrownBy(() -> fresh.deserialize("rounds", bytes))
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> fresh.serialize("rounds", round()))
        .isInstanceOf(RegistryUnavailableException.class);
    registry.down = false;
    assertThat(fresh.deserialize("rounds", bytes)).isEqualTo(round());
  }

  @Test
  void manyThreadsMayUseIt() throws Exception {
    var threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<RoundEvent>> work = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        work.add(() -> rounds.deserialize("rounds", rounds.serialize("rounds", round())));
      }
      for (var result : threads.invokeAll(work)) {
        assertThat(result.get()).isEqualTo(round());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private byte[] written(Schema schema, GenericRecord record) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(0);
    bytes.write(ByteBuffer.allocate(4).putInt(registry.register("other-value", schema)).array());
    var encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  private static RoundEvent round() {
    return RoundEvent.newBuilder()
        .setTask("seasons")
        .setRound(3)
        .setType(RoundEventType.PROMOTED)
        .setVersion(4)
        .setMetrics(Map.of("accuracy", 0.75))
        .setAt(Instant.ofEpochMilli(1_700_000_000_123L))
        .build();
  }

  /** Ids count up from 0. */
  private static final class MemoryRegistry implements SchemaRegistry {
    private final List<Schema> schemas = new ArrayList<>();
    private final List<String> subjects = new ArrayList<>();
    private volatile boolean down;

    @Override
    public synchronized int register(String subject, Schema schema) {
      if (down) {
        throw new RegistryUnavailableException("down");
      }
      subjects.add(subject);
      if (!schemas.contains(schema)) {
        schemas.add(schema);
      }
      return schemas.indexOf(schema);
    }

    @Override
    public synchronized Schema byId(int id) {
      if (down) {
        throw new RegistryUnavailableException("down");
      }
      if (id < 0 || id >= schemas.size()) {
        throw new UnknownSchemaException(id);
      }
      return schemas.get(id);
    }

    @Override
    public void close() {}
  }
}
