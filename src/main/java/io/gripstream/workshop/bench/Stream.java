package io.gripstream.workshop.bench;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.labeler.Labeler;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.refine.PromptRefinement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;

/**
 * A broker, and on topics of their own as many tasks as wanted with their zero-shot prompts: what a
 * labeler is measured between.
 */
final class Stream implements AutoCloseable {
  private static final int CLASSES = 10;
  private static final int PREFIX = 16;
  private static final String TASK = "task-%03d";

  private final EmbeddedBroker broker;
  private final KafkaClients clients;
  private final EmbeddedRegistry registry;
  private final TopicSerdes serdes;
  private final KafkaProducer<byte[], byte[]> producer;
  private final GripstreamConfig config;
  private int generation;
  private Topics topics;

  Stream(Setting setting) {
    broker = EmbeddedBroker.start(setting.work().resolve("kafka"), 0);
    clients = new KafkaClients(broker.bootstrapServers(), Map.of());
    registry = new EmbeddedRegistry(clients, new Topics("bench."));
    serdes = new TopicSerdes(registry);
    producer = clients.producer(null, new ByteArraySerializer(), new ByteArraySerializer());
    config = setting.config();
  }

  /** Leaves what was before behind, and begins anew with text tasks. */
  void begin(TorchClip model, int tasks) throws Exception {
    begin(model, tasks, Modality.TEXT);
  }

  void begin(TorchClip model, int tasks, Modality modality) throws Exception {
    try (Admin admin = clients.admin()) {
      if (topics != null) {
        admin.deleteTopics(topics.all()).all().get();
      }
      topics = new Topics("bench" + generation++ + ".");
      TopicAdmin.create(admin, topics, config.kafka().partitions(), (short) 1);
    }
    for (int i = 0; i < tasks; i++) {
      String task = TASK.formatted(i);
      TaskDefinition definition =
          TaskDefinition.newBuilder()
              .setClasses(IntStream.range(0, CLASSES).mapToObj(c -> task + " " + c).toList())
              .build();
      send(topics.tasks(), task, definition, serdes.tasks());
      PromptVersion zeroShot = zeroShot(model, task, definition);
      publish(modality == Modality.TEXT ? zeroShot : prefixed(zeroShot, model));
    }
    producer.flush();
  }

  /** Behind vectors that mean nothing, which cost what tuned ones do. */
  private static PromptVersion prefixed(PromptVersion zeroShot, TorchClip model) {
    FloatTensor prefix = VisualPrompt.random(PREFIX, model.imageWidth(), 1).prefix();
    PromptVersion prompt =
        PromptVersion.newBuilder(zeroShot)
            .setModality(Modality.VISUAL)
            .setTensors(Map.of(VisualPrompt.PREFIX, Tensors.encode(prefix)))
            .build();
    return PromptVersion.newBuilder(prompt).setDigest(PromptDigest.of(prompt)).build();
  }

  private static PromptVersion zeroShot(TorchClip model, String task, TaskDefinition definition) {
    return new PromptRefinement(
            model,
            samples -> {
              throw new IllegalStateException("a zero-shot prompt needs no images");
            })
        .zeroShot(task, definition, Instant.EPOCH);
  }

  /** The prompt that a task began with. */
  PromptVersion prompt(TorchClip model) {
    String task = TASK.formatted(0);
    return zeroShot(
        model,
        task,
        TaskDefinition.newBuilder()
            .setClasses(IntStream.range(0, CLASSES).mapToObj(c -> task + " " + c).toList())
            .build());
  }

  /** Makes a prompt live, as a candidate that was promoted. */
  void publish(PromptVersion prompt) {
    String key = prompt.getTask() + "/" + prompt.getVersion();
    send(topics.candidates(), key, prompt, serdes.candidates());
    send(topics.prompts(), prompt.getTask(), prompt, serdes.prompts());
  }

  /** Appends images for all tasks, over and over the same ones, and waits until they are there. */
  void append(List<byte[]> images, int count) {
    AtomicReference<Exception> failed = new AtomicReference<>();
    for (int i = 0; i < count; i++) {
      append(
          Integer.toString(i),
          images.get(i % images.size()),
          (place, failure) -> failed.compareAndSet(null, failure));
    }
    producer.flush();
    if (failed.get() != null) {
      throw new IllegalStateException("not all images were appended", failed.get());
    }
  }

  void append(String id, byte[] image, Callback appended) {
    send(topics.images(), id, event(image), serdes.images(), appended);
  }

  /** An image for all tasks. */
  static ImageEvent event(byte[] image) {
    return ImageEvent.newBuilder()
        .setContent(ByteBuffer.wrap(image))
        .setTasks(List.of())
        .setAttributes(Map.of())
        .build();
  }

  /** The first task. */
  String task() {
    return TASK.formatted(0);
  }

  private <T> void send(String topic, String key, T value, Serde<T> serde) {
    send(topic, key, value, serde, null);
  }

  private <T> void send(String topic, String key, T value, Serde<T> serde, Callback appended) {
    byte[] bytes = serde.serializer().serialize(topic, value);
    producer.send(
        new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), bytes), appended);
  }

  /** Sends out what was sent, now. */
  void flush() {
    producer.flush();
  }

  /** A labeler of these topics; the caller's to close. */
  Labeler labeler(TorchClip model) {
    return labeler(model, new SimpleMeterRegistry());
  }

  Labeler labeler(TorchClip model, MeterRegistry meters) {
    return Labeler.start(config, clients, topics, serdes, model, meters);
  }

  /** Sees each prediction as a read_committed consumer does, from now on. */
  Predictions predictions(Predictions.Listener listener) {
    return new Predictions(clients, topics.predictions(), listener);
  }

  /** A prediction's prompt version. */
  int version(byte[] prediction) {
    return serdes
        .predictions()
        .deserializer()
        .deserialize(topics.predictions(), prediction)
        .getPromptVersion();
  }

  /** Images of the embedded model's own kind, encoded. */
  static List<byte[]> drawings(int count) {
    io.gripstream.sample.SampleStream stream = io.gripstream.sample.SampleStreams.byName("digits");
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      images.add(stream.image(i).png());
    }
    return images;
  }

  @Override
  public void close() {
    producer.close();
    registry.close();
    broker.close();
  }
}
