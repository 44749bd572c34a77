package io.gripstream.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.SchemaRegistry;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a subscriber sees. */
@Command(
    name = "watch",
    description = "Prints what a subscriber to a topic sees, one JSON object a line.")
public final class WatchCommand implements Callable<Integer> {
  /** What can be watched. */
  enum Stream {
    PREDICTIONS,
    PROMPTS,
    ROUNDS,
    CANDIDATES,
    TASKS,
    LABELS,
    COMMANDS,
    DEAD_LETTERS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Spec private CommandSpec spec;
  @Mixin private ClientOptions client;

  @Parameters(paramLabel = "TOPIC", description = "One of ${COMPLETION-CANDIDATES}.")
  private Stream stream;

  @Option(names = "--task", paramLabel = "NAME", description = "Only this task's records.")
  private String task;

  @Option(names = "--from-beginning", description = "Also what the topic holds already.")
  private boolean fromBeginning;

  @Option(names = "--limit", paramLabel = "N", description = "End after so many records.")
  private Long limit;

  @Option(names = "--full", description = "Write bytes and tensors out, in Base64.")
  private boolean full;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    CountDownLatch enough = new CountDownLatch(1);
    try (SchemaRegistry registry = client.registry()) {
      if (stream != Stream.DEAD_LETTERS) {
        ClientOptions.require(registry);
      }
      WireFormat format = new WireFormat(registry);
      AvroJson json = new AvroJson(full);
      long[] seen = {0};
      try (Subscription subscription =
          new Subscription(
              client.clients(),
              List.of(topic(client.topics())),
              fromBeginning,
              record -> {
                ObjectNode line = said(record, format, json);
                if (line == null || enough.getCount() == 0) {
                  return;
                }
                out.println(line);
                out.flush();
                if (limit != null && ++seen[0] >= limit) {
                  enough.countDown();
                }
              })) {
        subscription.await(enough);
      }
    }
    return 0;
  }

  private String topic(Topics topics) {
    return switch (stream) {
      case PREDICTIONS -> topics.predictions();
      case PROMPTS -> topics.prompts();
      case ROUNDS -> topics.rounds();
      case CANDIDATES -> topics.candidates();
      case TASKS -> topics.tasks();
      case LABELS -> topics.labels();
      case COMMANDS -> topics.commands();
      case DEAD_LETTERS -> topics.deadLetters();
    };
  }

  /** The same, and says so of a record that cannot be read; the next one may. */
  private ObjectNode said(ConsumerRecord<byte[], byte[]> record, WireFormat format, AvroJson json) {
    try {
      return line(record, format, json);
    } catch (RuntimeException e) {
      if (Fault.of(e) == Fault.RECORD) {
        String place = record.topic() + "-" + record.partition() + "@" + record.offset();
        spec.commandLine().getErr().printf("passed over %s: %s%n", place, Failures.sentence(e));
      }
      throw e;
    }
  }

  /** Null if the record is not wanted. */
  private ObjectNode line(ConsumerRecord<byte[], byte[]> record, WireFormat format, AvroJson json) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    String key = record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8);
    line.put("key", key);
    line.put("at", java.time.Instant.ofEpochMilli(record.timestamp()).toString());
    if (stream == Stream.DEAD_LETTERS) {
      record
          .headers()
          .forEach(
              header ->
                  line.put(
                      header.key(),
                      header.value() == null
                          ? null
                          : new String(header.value(), StandardCharsets.UTF_8)));
      line.put("bytes", record.value() == null ? 0 : record.value().length);
      return line;
    }
    GenericRecord value = record.value() == null ? null : format.decode(record.value());
    if (task != null && !task.equals(task(key, value))) {
      return null;
    }
    line.set("value", json.of(value));
    return line;
  }

  /** The task is a field of most records, and the key of the others. */
  private static String task(String key, GenericRecord value) {
    return value != null && value.hasField("task") ? value.get("task").toString() : key;
  }
}
