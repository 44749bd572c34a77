package io.gripstream.kafka.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.event.Trigger;
import io.gripstream.prompt.Prompt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/**
 * What was written before prompts had a bias, predictions could abstain and commands had keys. The
 * schemas of that time are in {@code schemas-before/}, as they were.
 */
class OlderRecordsTest {
  private static final List<String> FILES =
      List.of(
          "image-reference",
          "task-definition",
          "prompt-version",
          "prediction",
          "refinement-batch",
          "round-event",
          "command");

  private final Map<String, Schema> before = new TreeMap<>();

  OlderRecordsTest() throws IOException {
    Schema.Parser parser = new Schema.Parser();
    for (String file : FILES) {
      try (InputStream in = getClass().getResourceAsStream("/schemas-before/" + file + ".avsc")) {
        Schema schema = parser.parse(in);
        before.put(schema.getName(), schema);
      }
    }
  }

  @Test
  void aTaskHasTheNewFieldsDefaults() throws IOException {
    GenericRecord old =
        new GenericRecordBuilder(before.get("TaskDefinition"))
            .set("classes", List.of("cat", "dog"))
            .set(
                "trigger",
                new GenericRecordBuilder(field("TaskDefinition", "trigger"))
                    .set("samples", 60)
                    .build())
            .build();
    TaskDefinition read = read(TaskDefinition.class, old);
    assertThat(read.getClasses()).containsExactly("cat", "dog");
    assertThat(read.getAbstainBelow()).isZero();
    assertThat(read.getTrigger()).isEqualTo(new Trigger(60, 300, true));
    assertThat(read.getStrategy()).isEqualTo(Strategy.GRIP);
    // What was written stays what it was, whatever the defaults are now; new fields have theirs.
    assertThat(read.getTraining().getBatchSize()).isEqualTo(32);
    assertThat(read.getTraining().getShrinkage()).isZero();
    assertThat(read.getTraining().getClipNorm())
        .isEqualTo(Training.newBuilder().build().getClipNorm());
  }

  @Test
  void aPromptPrefersNoClassAndNobodySaidWhatMadeIt() throws IOException {
    GenericRecord features =
        new GenericRecordBuilder(field("PromptVersion", "classFeatures"))
            .set("shape", List.of(2, 1))
            .set("data", ByteBuffer.allocate(8))
            .build();
    GenericRecord old =
        new GenericRecordBuilder(before.get("PromptVersion"))
            .set("task", "pets")
            .set("version", 3)
            .set("digest", "00")
            .set("modelId", "pico@7")
            .set("modality", new GenericData.EnumSymbol(field("PromptVersion", "modality"), "TEXT"))
            .set("classes", List.of("cat", "dog"))
            .set("template", "a {}")
            .set("tensors", Map.of("context", features))
            .set("classFeatures", features)
            .set("zeroShotFeatures", features)
            .set("logitScale", 50f)
            .set("round", 2)
            .set("createdAt", 1_700_000_000_123L)
            .build();
    PromptVersion read = read(PromptVersion.class, old);
    assertThat(read.getLogitScale()).isEqualTo(50);
    assertThat(read.getCreatedAt().toEpochMilli()).isEqualTo(1_700_000_000_123L);
    assertThat(read.getBias()).isEmpty();
    assertThat(read.getMadeBy()).isNull();
    assertThat(Prompt.bias(read)).containsExactly(0, 0);
    assertThat(Prompt.zeroShot(read)).isFalse();
  }

  @Test
  void aCommandHadNoKeyAndExpectedNothing() throws IOException {
    GenericRecord old =
        new GenericRecordBuilder(before.get("Command"))
            .set("type", new GenericData.EnumSymbol(field("Command", "type"), "ROLL_BACK"))
            .build();
    Command read = read(Command.class, old);
    assertThat(read.getType()).isEqualTo(CommandType.ROLL_BACK);
    assertThat(read.getKey()).isNull();
    assertThat(read.getExpectedLive()).isNull();
  }

  @Test
  void aPredictionDidNotAbstain() throws IOException {
    Schema label = field("Prediction", "zeroShot");
    GenericRecord cat =
        new GenericRecordBuilder(label).set("label", "cat").set("confidence", .1f).build();
    GenericRecord old =
        new GenericRecordBuilder(before.get("Prediction"))
            .set("imageId", "1")
            .set("task", "pets")
            .set("labels", List.of(cat))
            .set("zeroShot", cat)
            .set("promptVersion", 3)
            .set("promptDigest", "00")
            .set("modelId", "pico@7")
            .set(
                "image",
                new GenericRecordBuilder(before.get("ImageReference"))
                    .set("topic", "images")
                    .set("partition", 0)
                    .set("offset", 9L)
                    .set("sha256", "00")
                    .build())
            .build();
    Prediction read = read(Prediction.class, old);
    assertThat(read.getAbstained()).isFalse();
    assertThat(read.getLabels().get(0).getLabel()).isEqualTo("cat");
    assertThat(read.getImage().getOffset()).isEqualTo(9);
  }

  /** Otherwise a registry would refuse today's schemas where yesterday's are. */
  @Test
  void todaysSchemasReadWhateverThoseOfThatTimeWrote() {
    for (Schema today :
        List.of(
            TaskDefinition.getClassSchema(),
            PromptVersion.getClassSchema(),
            Prediction.getClassSchema(),
            RefinementBatch.getClassSchema(),
            RoundEvent.getClassSchema(),
            Command.getClassSchema())) {
      var found =
          SchemaCompatibility.checkReaderWriterCompatibility(today, before.get(today.getName()));
      assertThat(found.getType())
          .as(found.getDescription())
          .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    }
  }

  private Schema field(String record, String name) {
    return before.get(record).getField(name).schema();
  }

  private static <T extends SpecificRecord> T read(Class<T> type, GenericRecord old)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[5]);
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(old.getSchema()).write(old, encoder);
    encoder.flush();
    return new AvroSerde<>(new Knowing(old.getSchema()), type)
        .deserialize("any", bytes.toByteArray());
  }

  /** Knows one schema, whose id is 0. */
  private record Knowing(Schema schema) implements SchemaRegistry {
    @Override
    public int register(String subject, Schema other) {
      throw new AssertionError("nothing is written");
    }

    @Override
    public Schema byId(int id) {
      return schema;
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
