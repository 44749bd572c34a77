package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.event.Trigger;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.RestRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The demo's side of the stream: a producer and a subscriber that stand outside of the service and
 * use only its topics and its REST interface. Alone among all parts it knows what is in the images.
 */
final class DemoRun implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration PROMPT_TIMEOUT = Duration.ofSeconds(90);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);

  /** A version that went live just before the end is given so many images, and so much time. */
  private static final int FEWEST_MEASURED = 500;

  private static final Duration LONGEST_TAIL = Duration.ofSeconds(60);

  /**
   * How long and how fast.
   *
   * @param rate images a second
   * @param time null: until the process is ended
   * @param report null: none is written
   */
  record Plan(double rate, Duration time, Path report) {}

  private final GripstreamConfig config;
  private final URI gateway;
  private final String task;
  private final SampleStream samples;
  private final Plan plan;
  private final Terminal terminal;
  private final HttpClient http;
  private final Instant jvmStart =
      Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "demo");
  private volatile boolean closed;

  DemoRun(
      GripstreamConfig config,
      URI gateway,
      String task,
      SampleStream samples,
      Plan plan,
      Terminal terminal) {
    this.config = config;
    this.http = client(config.key());
    this.gateway = gateway;
    this.task = task;
    this.samples = samples;
    this.plan = plan;
    this.terminal = terminal;
  }

  /** Shows the key when it is asked for one. */
  private static HttpClient client(Optional<String> key) {
    HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2));
    key.ifPresent(
        secret ->
            client.authenticator(
                new Authenticator() {
                  @Override
                  protected PasswordAuthentication getPasswordAuthentication() {
                    return new PasswordAuthentication("demo", secret.toCharArray());
                  }
                }));
    return client.build();
  }

  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    int code = 1;
    try {
      code = stream();
    } catch (InterruptedException e) {
      code = 0;
    } catch (RuntimeException | IOException e) {
      if (!closed) {
        terminal.say("gripstream: " + Failures.sentence(e));
      }
    } finally {
      ended.countDown();
    }
    if (!closed) {
      Quarkus.asyncExit(code);
    }
  }

  private int stream() throws InterruptedException, IOException {
    awaitGateway();
    Topics topics = new Topics(config.kafka().topicPrefix());
    KafkaClients clients =
        new KafkaClients(
            config.kafka().bootstrapServers().orElseThrow(),
            config.kafka().properties(),
            config.images().maxBytes(),
            config.kafka().staticMembership());
    Tally tally = new Tally(task, samples.classes());
    try (SchemaRegistry registry = new RestRegistry(gateway, config.key())) {
      TopicSerdes serdes = new TopicSerdes(registry);
      try (Measurement measurement = new Measurement(clients, topics, serdes, task, tally);
          ImageSender sender =
              new ImageSender(clients, serdes.images(), topics.images(), List.of(task))) {
        TaskDefinition definition = definition();
        Tasks.define(clients, serdes, topics, task, definition);
        measurement.awaitPrompt(definition, PROMPT_TIMEOUT);
        send(sender, tally, measurement);
        sender.flush();
        if (closed) {
          return 0;
        }
        measurement.awaitOutcomes(DRAIN_TIMEOUT);
      }
    }
    Report report = tally.report(jvmStart, Instant.now());
    terminal.say(report.json());
    if (plan.report() != null) {
      report.write(plan.report());
    }
    return report.lost() == 0 && report.duplicates() == 0 ? 0 : 1;
  }

  /** The registry is the first thing that a producer needs of the service. */
  private void awaitGateway() throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve("/subjects")).timeout(Duration.ofSeconds(2)).build();
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    String answer = "none";
    while (System.nanoTime() < deadline && !closed) {
      try {
        HttpResponse<Void> response = http.send(request, HttpResponse.BodyHandlers.discarding());
        if (response.statusCode() == 200) {
          return;
        }
        answer = "status " + response.statusCode();
      } catch (IOException e) {
        answer = Failures.sentence(e);
      }
      ended.await(100, TimeUnit.MILLISECONDS);
    }
    throw new CommandFailure(
        "the service did not come up at %s within %d s; last answer: %s"
            .formatted(gateway, START_TIMEOUT.toSeconds(), answer));
  }

  /**
   * Rounds that two cores finish in less time than the stream needs to bring the next ones about.
   */
  private TaskDefinition definition() {
    return TaskDefinition.newBuilder()
        .setClasses(samples.classes())
        .setTemplate(samples.template())
        .setTrigger(Trigger.newBuilder().setSamples(500).build())
        .setTraining(Training.newBuilder().setRounds(5).setEpochs(30).build())
        .build();
  }

  private void send(ImageSender sender, Tally tally, Measurement measurement) {
    Scoreboard scoreboard = new Scoreboard(http, gateway, task);
    int unheard = 0;
    // Ids of a run differ from those of the last one, whose images a kept data directory holds.
    String run = Long.toString(jvmStart.getEpochSecond(), Character.MAX_RADIX);
    Instant start = Instant.now();
    Pace pace = new Pace(plan.rate());
    for (long index = 0; !closed && !over(start, tally); index++) {
      LabelledImage image = samples.image(index);
      String imageId = image.id() + "-" + run;
      pace.await();
      tally.sent(imageId, image.label(), Instant.now());
      sender.send(imageId, image.png());
      scoreboard.add(imageId, image.label());
      try {
        scoreboard.post();
      } catch (CommandFailure e) {
        // The page is told again; that its curve begins late is worth one line, once is not.
        if (++unheard == 2) {
          terminal.say(Failures.sentence(e));
        }
      }
      measurement.check();
      if (terminal.due()) {
        terminal.progress(tally.line(Duration.between(start, Instant.now())));
      }
    }
  }

  private boolean over(Instant start, Tally tally) {
    if (plan.time() == null) {
      return false;
    }
    Duration elapsed = Duration.between(start, Instant.now());
    return elapsed.compareTo(plan.time()) >= 0
        && (tally.measured() >= FEWEST_MEASURED
            || elapsed.compareTo(plan.time().plus(LONGEST_TAIL)) >= 0);
  }

  /** Stops sending, and waits for the clients to be closed. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    // Between two images it ends by itself; out of a longer wait it is woken.
    if (Thread.currentThread() != thread && !ended.await(2, TimeUnit.SECONDS)) {
      thread.interrupt();
      ended.await(10, TimeUnit.SECONDS);
    }
  }
}
