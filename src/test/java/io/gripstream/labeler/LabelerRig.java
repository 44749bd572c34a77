package io.gripstream.labeler;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.event.ImageEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.Backoff;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.loop.TransactionalLoop.Pauses;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A labeler on a real broker, with a model that one can follow by hand. */
abstract class LabelerRig {
  static final Duration LONG = Duration.ofSeconds(40);
  static final List<String> COLOURS = List.of("red", "green", "blue");

  final ColourClip model = new ColourClip();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  TestStream stream;
  TestStream.Tail<Prediction> predictions;
  TestStream.Tail<Sample> samples;
  TestStream.Tail<byte[]> deadLetters;
  Labeler labeler;

  /** So many seconds pass for the labeler in one. */
  long haste = 1;

  @BeforeEach
  void open() {
    stream = new TestStream(2);
    predictions = stream.tail(stream.topics().predictions(), stream.serdes().predictions());
    samples = stream.tail(stream.topics().samples(), stream.serdes().samples());
    deadLetters = stream.tail(stream.topics().deadLetters(), Serdes.ByteArray());
  }

  @AfterEach
  void close() {
    if (labeler != null) {
      labeler.close();
    }
    predictions.close();
    samples.close();
    deadLetters.close();
    stream.close();
  }

  void start(Map<String, String> settings) {
    start(settings, stream.clients());
  }

  void start(Map<String, String> settings, KafkaClients clients) {
    labeler =
        Labeler.start(
            stream.config(settings),
            clients,
            stream.topics(),
            stream.serdes(),
            model,
            meters,
            new Pauses(Backoff.FIRST, Duration.ofSeconds(1), Duration.ofSeconds(3)),
            () -> haste * System.nanoTime());
  }

  void define(String task, TaskDefinition definition) {
    stream.send(stream.topics().tasks(), task, definition, stream.serdes().tasks());
  }

  /** Makes a candidate live, under the digest of what it holds. */
  void promote(PromptVersion prompt) {
    promote(prompt, new RecordHeaders());
  }

  void promote(PromptVersion prompt, Headers headers) {
    PromptVersion sealed = Events.sealed(prompt);
    stream.send(
        stream.topics().candidates(),
        sealed.getTask() + "/" + sealed.getVersion(),
        sealed,
        stream.serdes().candidates());
    forge(sealed, headers);
  }

  /** Writes a live prompt as it is. */
  void forge(PromptVersion prompt) {
    forge(prompt, new RecordHeaders());
  }

  void forge(PromptVersion prompt, Headers headers) {
    String topic = stream.topics().prompts();
    byte[] value = stream.serdes().prompts().serializer().serialize(topic, prompt);
    stream.send(new ProducerRecord<>(topic, null, Keys.bytes(prompt.getTask()), value, headers));
  }

  void image(String id, ImageEvent event) {
    stream.send(stream.topics().images(), id, event, stream.serdes().images());
  }

  /** Exactly so many; more would be duplicates. */
  List<Prediction> awaitPredictions(int count) {
    await().atMost(LONG).until(() -> predictions.values().size() >= count);
    List<Prediction> all = predictions.values();
    assertThat(all).hasSize(count);
    return all;
  }

  static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
