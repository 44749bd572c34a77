package io.gripstream.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.registry.AvroSerde;
import io.gripstream.kafka.registry.RestRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What users do all the while: images by an idempotent producer, and by REST labels, commands and
 * new definitions, each sent again until it is acknowledged.
 */
final class Traffic implements AutoCloseable {
  /** Keeps its classes; people label its images and command it. */
  static final String STEADY = "steady";

  /** Is given other classes all the while. */
  static final String MOVING = "moving";

  private static final String TOPIC = "gripstream.images";
  private static final Duration BETWEEN_IMAGES = Duration.ofMillis(100);
  private static final Duration BETWEEN_REQUESTS = Duration.ofSeconds(1);
  private static final Duration BACKOFF = Duration.ofMillis(250);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration LAST_ANSWERS = Duration.ofMinutes(2);

  /** A gateway that has just come back may not know the task, nor what is live. */
  private static final Set<Integer> NOT_YET = Set.of(404, 409);

  /** One of so many is no image. */
  private static final int DAMAGED = 40;

  /** Rounds take a second, are due every few seconds, and nearly all are promoted. */
  private static final Map<String, Object> QUICK_ROUNDS =
      Map.of(
          "strategy", "BALANCE",
          "trigger", Map.of("samples", 40, "calibration", 20, "drift", false),
          "pool", Map.of("samples", 200),
          "gate", Map.of("tolerance", 1, "minimumEvidence", 5));

  private final SampleStream stream = SampleStreams.byName("digits");
  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private final Queue<Sent.Image> images = new ConcurrentLinkedQueue<>();
  private final Queue<Sent.Label> labels = new ConcurrentLinkedQueue<>();
  private final Queue<Sent.Command> commands = new ConcurrentLinkedQueue<>();
  private final AtomicReference<Exception> unsent = new AtomicReference<>();

  private final URI gateway;
  private final Random random;
  private final SchemaRegistry registry;
  private final AvroSerde<ImageEvent> events;
  private final KafkaProducer<String, byte[]> producer;
  private Future<?> sending;
  private Future<?> asking;
  private int definitions;

  /**
   * @param seed of the order of requests
   */
  Traffic(String brokers, URI gateway, long seed) {
    this.gateway = gateway;
    this.random = new Random(seed);
    this.registry = new RestRegistry(gateway);
    this.events = new AvroSerde<>(registry, ImageEvent.class);
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                brokers,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                Integer.MAX_VALUE,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                Duration.ofMinutes(2).toMillis()),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  /** Defines the tasks, and begins. */
  void start() throws IOException, InterruptedException {
    define(STEADY, stream.classes());
    redefine();
    // The first event registers its schema; later ones need no registry.
    send(0);
    sending = threads.submit(this::sendImages);
    asking = threads.submit(this::ask);
  }

  /** Ends when all that was sent is acknowledged, and throws what has failed. */
  void stop() throws Exception {
    stopped.countDown();
    for (Future<?> work : List.of(sending, asking)) {
      try {
        work.get(LAST_ANSWERS.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw new IllegalStateException("the traffic has broken down", e.getCause());
      }
    }
    producer.flush();
    if (unsent.get() != null) {
      throw new IllegalStateException("an image could not be sent", unsent.get());
    }
  }

  /** All that is acknowledged so far. */
  Sent sent() {
    return new Sent(List.copyOf(images), List.copyOf(labels), List.copyOf(commands));
  }

  private Void sendImages() throws InterruptedException {
    for (int i = 1; !pause(BETWEEN_IMAGES); i++) {
      send(i);
    }
    return null;
  }

  private void send(int i) {
    LabelledImage image = stream.image(i);
    boolean good = i % DAMAGED != DAMAGED - 1;
    Sent.Image sent = new Sent.Image(image.id(), Set.of(STEADY, MOVING), good);
    ImageEvent event =
        ImageEvent.newBuilder()
            .setContent(ByteBuffer.wrap(good ? image.png() : new byte[] {1, 2, 3}))
            .setTasks(List.copyOf(sent.tasks()))
            .build();
    producer.send(
        new ProducerRecord<>(TOPIC, image.id(), events.serializer().serialize(TOPIC, event)),
        (place, failure) -> {
          if (failure == null) {
            images.add(sent);
          } else {
            unsent.set(failure);
          }
        });
  }

  private Void ask() throws IOException, InterruptedException {
    for (int i = 0; !pause(BETWEEN_REQUESTS); i++) {
      switch (i % 8) {
        case 0 -> redefine();
        case 2 -> command(i, "PAUSE");
        case 3 -> command(i, "RESUME");
        case 5 -> command(i, "PIN");
        case 6 -> command(i, "UNPIN");
        default -> label(i);
      }
    }
    return null;
  }

  private void redefine() throws IOException, InterruptedException {
    int classes = stream.classes().size();
    int first = definitions++ % (classes - 2);
    define(MOVING, stream.classes().subList(first, classes));
  }

  private void define(String task, List<String> classes) throws IOException, InterruptedException {
    Map<String, Object> definition = new HashMap<>(QUICK_ROUNDS);
    definition.put("classes", classes);
    definition.put("template", stream.template());
    request("PUT", "/api/tasks/" + task, definition);
  }

  private void label(int i) throws IOException, InterruptedException {
    LabelledImage image = stream.image(random.nextInt(2 * i + 1));
    Sent.Label label = new Sent.Label(STEADY, image.id(), "person " + i);
    request(
        "POST",
        "/api/tasks/" + STEADY + "/labels",
        Map.of("imageId", image.id(), "label", image.label(), "annotator", label.annotator()));
    labels.add(label);
  }

  private void command(int i, String type) throws IOException, InterruptedException {
    Sent.Command command = new Sent.Command(STEADY, "wish " + i);
    request(
        "POST",
        "/api/tasks/" + STEADY + "/commands",
        Map.of("type", type, "reason", command.reason()));
    commands.add(command);
  }

  /** Asks until the answer is yes. */
  private void request(String method, String path, Object body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve(path))
            .timeout(ANSWER)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(json.writeValueAsString(body)))
            .build();
    long end = System.nanoTime() + LAST_ANSWERS.toNanos();
    while (true) {
      String answer;
      try {
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() / 100 == 2) {
          return;
        }
        answer = response.statusCode() + " " + response.body();
        if (response.statusCode() / 100 == 4 && !NOT_YET.contains(response.statusCode())) {
          throw new IllegalStateException(method + " " + path + ": " + answer);
        }
      } catch (IOException e) {
        answer = e.toString();
      }
      if (System.nanoTime() > end) {
        throw new IOException(method + " " + path + " is not acknowledged: " + answer);
      }
      TimeUnit.MILLISECONDS.sleep(BACKOFF.toMillis());
    }
  }

  /** Whether to stop, after a pause. */
  private boolean pause(Duration time) throws InterruptedException {
    return stopped.await(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    stopped.countDown();
    threads.shutdownNow();
    producer.close(Duration.ZERO);
    registry.close();
  }
}
