package io.gripstream.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.event.Command;
import io.gripstream.event.CommandType;
import io.gripstream.event.ImageReference;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Tensor;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Topics of their own on a real broker, written record by record: what a service would have left
 * behind. Each call writes one record; a command is written and answered apart.
 */
final class HandMade implements AutoCloseable {
  static final String TASK = "pets";

  private static final List<String> CLASSES = List.of("cat", "dog");
  private static final ImageReference ANYWHERE = new ImageReference("images", 0, 0L, null, "00");

  private final Topics topics = SharedBroker.freshTopics(1);
  private final EmbeddedRegistry registry;
  private final TopicSerdes serdes;
  private final KafkaProducer<String, byte[]> producer;
  private final List<Sent.Image> images = new ArrayList<>();
  private final List<Sent.Label> labels = new ArrayList<>();
  private final List<Sent.Command> commands = new ArrayList<>();
  private boolean begun;

  HandMade() {
    KafkaClients clients = SharedBroker.clients();
    registry = new EmbeddedRegistry(clients, topics);
    serdes = new TopicSerdes(registry);
    producer =
        clients.producer(
            "hand-made-" + UUID.randomUUID(), new StringSerializer(), new ByteArraySerializer());
    producer.initTransactions();
  }

  /** Commits what was written before, and judges everything. */
  Verifier.Report judged() {
    producer.commitTransaction();
    begun = false;
    try (Verifier verifier =
        new Verifier(SharedBroker.address(), registry::byId, topics.prefix())) {
      return verifier.check(new Sent(images, labels, commands));
    }
  }

  /** Takes back everything since the last judgement. */
  void abort() {
    producer.abortTransaction();
    begun = false;
  }

  void sent(String image, boolean good) {
    images.add(new Sent.Image(image, Set.of(TASK), good));
  }

  /** Labels an image and says how: the prompts here are sure of the cat by 0.731. */
  void prediction(String image, int version, String digest, String label, float confidence) {
    ScoredLabel best = new ScoredLabel(label, confidence);
    write(
        topics.predictions(),
        image,
        new Prediction(
            image, TASK, List.of(best), false, best, version, digest, "model", ANYWHERE, Map.of()),
        serdes.predictions());
  }

  /** An image that is nothing but cat. */
  void sample(String image, int version, String digest) {
    ByteBuffer feature = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    feature.putShort((short) 0x3c00).putShort((short) 0).flip();
    write(
        topics.samples(),
        TASK,
        new Sample(image, ANYWHERE, feature, List.of(0.5f, 0.5f), version, digest, "model"),
        serdes.samples());
  }

  void letter(String image) {
    ProducerRecord<String, byte[]> letter =
        new ProducerRecord<>(topics.deadLetters(), image, new byte[] {1});
    letter.headers().add("origin.topic", topics.images().getBytes(UTF_8));
    send(letter);
  }

  void candidate(int version, String digest) {
    write(topics.candidates(), TASK + "/" + version, prompt(version, digest), serdes.candidates());
  }

  void live(int version, String digest) {
    write(topics.prompts(), TASK, prompt(version, digest), serdes.prompts());
  }

  /**
   * @param version null: it is about none
   */
  void diary(RoundEventType type, int round, Integer version, String message) {
    write(
        topics.rounds(),
        TASK,
        new RoundEvent(TASK, round, type, version, null, 0.0, message, Map.of(), Instant.EPOCH),
        serdes.rounds());
  }

  void acknowledgedLabel(String image, String annotator) {
    labels.add(new Sent.Label(TASK, image, annotator));
  }

  void label(String image, String annotator) {
    write(topics.labels(), TASK, new LabelEvent(image, "cat", annotator), serdes.labels());
  }

  void acknowledgedCommand(String reason) {
    commands.add(new Sent.Command(TASK, reason));
  }

  void command(String reason) {
    write(
        topics.commands(),
        TASK,
        new Command(CommandType.PAUSE, null, reason, null, null),
        serdes.commands());
  }

  private <T extends SpecificRecord> void write(String topic, String key, T value, Serde<T> serde) {
    send(new ProducerRecord<>(topic, key, serde.serializer().serialize(topic, value)));
  }

  private void send(ProducerRecord<String, byte[]> record) {
    if (!begun) {
      producer.beginTransaction();
      begun = true;
    }
    producer.send(record);
  }

  private static PromptVersion prompt(int version, String digest) {
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1).putFloat(0).putFloat(0).putFloat(1).flip();
    Tensor features = new Tensor(List.of(2, 2), data);
    return PromptVersion.newBuilder()
        .setTask(TASK)
        .setVersion(version)
        .setDigest(digest)
        .setModelId("model")
        .setModality(Modality.TEXT)
        .setClasses(CLASSES)
        .setTemplate("a photo of a {}")
        .setClassFeatures(features)
        .setZeroShotFeatures(features)
        .setLogitScale(1)
        .setRound(version)
        .setCreatedAt(Instant.EPOCH)
        .build();
  }

  @Override
  public void close() {
    producer.close();
    registry.close();
  }
}
