package io.gripstream.gateway;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.AvroSerde;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes to the topics what labeler, curator and refiner would. */
public final class Traffic implements AutoCloseable {
  public static final String MODEL = "pico@3f2a9c0d41be";

  private final Topics topics;
  private final TopicSerdes serdes;
  private final KafkaProducer<String, byte[]> producer;

  public Traffic(KafkaClients clients, Topics topics, TopicSerdes serdes) {
    this.topics = topics;
    this.serdes = serdes;
    this.producer = clients.producer(null, new StringSerializer(), new ByteArraySerializer());
  }

  public ImageReference image(String id, byte[] bytes) {
    ImageEvent event = new ImageEvent(ByteBuffer.wrap(bytes), null, null, List.of(), Map.of());
    RecordMetadata at = send(topics.images(), id, serdes.images(), event, null);
    return new ImageReference(at.topic(), at.partition(), at.offset(), null, sha256(bytes));
  }

  public void prediction(
      String task,
      String id,
      ImageReference image,
      List<ScoredLabel> labels,
      ScoredLabel zeroShot,
      int version,
      Instant at) {
    prediction(task, id, image, labels, false, zeroShot, version, at);
  }

  /** The same, of an image that may be none of the classes. */
  public void prediction(
      String task,
      String id,
      ImageReference image,
      List<ScoredLabel> labels,
      boolean abstained,
      ScoredLabel zeroShot,
      int version,
      Instant at) {
    send(
        topics.predictions(),
        id,
        serdes.predictions(),
        new Prediction(
            id,
            task,
            labels,
            abstained,
            zeroShot,
            version,
            digest(version),
            MODEL,
            image,
            Map.of("source", "camera 4")),
        at);
  }

  /** Writes a version to the candidates, and says what it is. */
  public PromptVersion candidate(
      String task,
      List<String> classes,
      int version,
      Integer parent,
      int round,
      Map<String, Double> evidence,
      Instant at) {
    return candidate(task, classes, version, parent, round, null, null, evidence, at);
  }

  /** The same, of a round with human labels or without, by a strategy. */
  public PromptVersion candidate(
      String task,
      List<String> classes,
      int version,
      Integer parent,
      int round,
      Paradigm paradigm,
      Strategy madeBy,
      Map<String, Double> evidence,
      Instant at) {
    Tensor features = units(classes.size());
    PromptVersion prompt =
        PromptVersion.newBuilder()
            .setTask(task)
            .setVersion(version)
            .setDigest(digest(version))
            .setParent(parent == null ? null : new PromptIdentity(parent, digest(parent)))
            .setModelId(MODEL)
            .setModality(Modality.TEXT)
            .setParadigm(paradigm)
            .setMadeBy(madeBy)
            .setClasses(classes)
            .setTemplate("a hand-drawn {}")
            .setTensors(version == 0 ? Map.of() : Map.of("context", tensor(16, 8)))
            .setClassFeatures(features)
            .setZeroShotFeatures(features)
            .setLogitScale(54.6f)
            .setRound(round)
            .setEvidence(evidence)
            .setCreatedAt(at)
            .build();
    return candidate(prompt);
  }

  /** The same, of whatever kind, under the digest of what it holds. */
  public PromptVersion candidate(PromptVersion unsealed) {
    PromptVersion prompt =
        PromptVersion.newBuilder(unsealed).setDigest(PromptDigest.of(unsealed)).build();
    send(
        topics.candidates(),
        prompt.getTask() + "/" + prompt.getVersion(),
        serdes.candidates(),
        prompt,
        prompt.getCreatedAt());
    return prompt;
  }

  /** Whatever it says: who writes to the topic need not keep to the rules. */
  public Position definition(String task, TaskDefinition definition) {
    RecordMetadata written = send(topics.tasks(), task, serdes.tasks(), definition, null);
    return new Position(written.partition(), written.offset());
  }

  public void live(PromptVersion prompt) {
    send(topics.prompts(), prompt.getTask(), serdes.prompts(), prompt, null);
  }

  public void round(
      String task,
      int round,
      RoundEventType type,
      Integer version,
      double progress,
      String message,
      Map<String, Double> metrics,
      Instant at) {
    round(task, round, type, version, null, progress, message, metrics, at);
  }

  /** The same, with the paradigm of the round. */
  public void round(
      String task,
      int round,
      RoundEventType type,
      Integer version,
      Paradigm paradigm,
      double progress,
      String message,
      Map<String, Double> metrics,
      Instant at) {
    send(
        topics.rounds(),
        task,
        serdes.rounds(),
        new RoundEvent(task, round, type, version, paradigm, progress, message, metrics, at),
        at);
  }

  /** Writes a round's batch in chunks of 100. */
  public void batch(String task, int round, List<BatchSample> samples, Instant at) {
    batch(task, null, round, samples, at);
  }

  /** The same, with the definition in the first chunk. */
  public void batch(
      String task, TaskDefinition definition, int round, List<BatchSample> samples, Instant at) {
    batch(task, definition, null, null, round, samples, at);
  }

  /**
   * The same, with the prompt that the round begins with.
   *
   * @param instead BALANCE for a calibration round
   */
  public void batch(
      String task,
      TaskDefinition definition,
      PromptVersion base,
      Strategy instead,
      int round,
      List<BatchSample> samples,
      Instant at) {
    int chunks = (samples.size() + 99) / 100;
    for (int chunk = 0; chunk < chunks; chunk++) {
      List<BatchSample> part =
          samples.subList(chunk * 100, Math.min(samples.size(), chunk * 100 + 100));
      send(
          topics.batches(),
          task,
          serdes.batches(),
          new RefinementBatch(
              task,
              round,
              round,
              chunk,
              chunks,
              at,
              chunk == 0 ? definition : null,
              chunk == 0 ? base : null,
              null,
              chunk == 0 ? instead : null,
              0,
              part),
          at);
    }
  }

  public void deadLetter(String key, byte[] value, String cause) {
    ProducerRecord<String, byte[]> letter = new ProducerRecord<>(topics.deadLetters(), key, value);
    Map.of(
            "cause", cause,
            "role", "labeler",
            "origin.topic", topics.images(),
            "origin.partition", "0",
            "origin.offset", "17")
        .forEach((name, text) -> letter.headers().add(name, text.getBytes()));
    send(letter);
  }

  /** A letter that holds the image event as it was. */
  public void deadLetter(String key, ImageEvent event, String cause) {
    deadLetter(key, serdes.images().serializer().serialize(topics.images(), event), cause);
  }

  public static BatchSample sample(String id, ImageReference image) {
    return sample(id, image, null);
  }

  public static BatchSample sample(String id, ImageReference image, String label) {
    return sample(id, image, new float[4], label);
  }

  /** The same, with a feature. */
  public static BatchSample sample(String id, ImageReference image, float[] feature, String label) {
    return new BatchSample(id, image, ByteBuffer.wrap(Float16.encode(feature)), label);
  }

  /** A feature that only one class is like, and class features that are each like one. */
  public static float[] only(int row, int classes) {
    float[] feature = new float[classes];
    feature[row] = 1;
    return feature;
  }

  /** The same prompt, whose class features, zero-shot or not, are each like {@link #only} one. */
  public static PromptVersion told(PromptVersion prompt) {
    int classes = prompt.getClasses().size();
    float[] identity = new float[classes * classes];
    for (int i = 0; i < classes; i++) {
      identity[i * classes + i] = 1;
    }
    Tensor features = Tensors.encode(FloatTensor.matrix(classes, classes, identity));
    return PromptVersion.newBuilder(prompt)
        .setClassFeatures(features)
        .setZeroShotFeatures(features)
        .build();
  }

  private static Tensor tensor(int rows, int columns) {
    return new Tensor(List.of(rows, columns), ByteBuffer.allocate(4 * rows * columns));
  }

  /** {@code [rows, 4]}, of unit length. */
  private static Tensor units(int rows) {
    ByteBuffer data = ByteBuffer.allocate(16 * rows).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      data.putFloat(16 * row + 4 * (row % 4), 1);
    }
    return new Tensor(List.of(rows, 4), data);
  }

  private static String digest(int version) {
    return sha256(new byte[] {(byte) version});
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private <T extends SpecificRecord> RecordMetadata send(
      String topic, String key, AvroSerde<T> serde, T value, Instant at) {
    return send(
        new ProducerRecord<>(
            topic,
            null,
            at == null ? null : at.toEpochMilli(),
            key,
            serde.serializer().serialize(topic, value)));
  }

  private RecordMetadata send(ProducerRecord<String, byte[]> record) {
    try {
      return producer.send(record).get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
