package io.gripstream.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.StubRegistry;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedBroker;
import io.gripstream.kafka.registry.RestRegistry;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LifecycleTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final Topics topics = new Topics("lifecycle-" + UUID.randomUUID() + ".");
  private final AtomicInteger starts = new AtomicInteger();
  private final AtomicInteger closes = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();

  /** A role that works as soon as it is started. */
  private class Plain implements Role {
    private final GripstreamConfig.Role part;
    private final RuntimeException first;
    private volatile String notAlive = "";

    /**
     * @param first what its first start throws; null: nothing
     */
    Plain(GripstreamConfig.Role part, RuntimeException first) {
      this.part = part;
      this.first = first;
    }

    @Override
    public GripstreamConfig.Role part() {
      return part;
    }

    @Override
    public void start() {
      if (starts.incrementAndGet() == 1 && first != null) {
        throw first;
      }
    }

    @Override
    public String notReady() {
      return "";
    }

    @Override
    public String notAlive() {
      return notAlive;
    }

    @Override
    public void close() {
      closes.incrementAndGet();
    }
  }

  private Lifecycle lifecycle(KafkaClients clients, Role... roles) {
    return new Lifecycle(
        List.of(roles),
        clients,
        admin -> {},
        Duration.ofSeconds(3),
        failure -> failures.incrementAndGet());
  }

  @Test
  void brokersThatAreAwayAreWaitedForAtTheStartAndLaterNoRoleIsReadyMeanwhile(
      @TempDir Path directory) throws IOException {
    int port = freePort();
    List<String> said = new CopyOnWriteArrayList<>();
    Logger log = Logger.getLogger(Lifecycle.class.getName());
    Handler ear = hearing(said);
    log.addHandler(ear);
    KafkaClients clients = new KafkaClients("localhost:" + port, Map.of());
    Lifecycle lifecycle =
        lifecycle(
            clients,
            new Plain(GripstreamConfig.Role.LABELER, null),
            new Plain(GripstreamConfig.Role.REFINER, null));
    try {
      lifecycle.start();
      assertThat(lifecycle.readiness().values()).noneMatch(String::isEmpty).hasSize(2);
      assertThat(lifecycle.liveness().values()).allMatch(String::isEmpty);
      assertThat(starts).hasValue(0);

      try (EmbeddedBroker broker = EmbeddedBroker.start(directory, port)) {
        await()
            .atMost(LONG)
            .until(() -> lifecycle.readiness().values().stream().allMatch(String::isEmpty));
        assertThat(starts).hasValue(2);
      }
      await()
          .atMost(LONG)
          .until(
              () ->
                  lifecycle.readiness().values().stream()
                      .allMatch(reason -> reason.contains("have not answered")));
      assertThat(failures).hasValue(0);
      await().atMost(LONG).until(() -> said.size() >= 3);
      assertThat(said).hasSize(3);
      assertThat(said.get(0)).startsWith("The brokers at localhost:" + port + " have not answered");
      assertThat(said.get(1)).startsWith("The brokers answer again, after ");
      assertThat(said.get(2)).startsWith("The brokers at localhost:" + port + " have not answered");
    } finally {
      lifecycle.close();
      log.removeHandler(ear);
    }
    assertThat(closes).hasValue(2);
  }

  /** Nobody had asked them meanwhile. */
  @Test
  void ofBrokersThatAnswerNobodySaysAfterASlowStartThatTheyDoNot() {
    AtomicReference<Lifecycle> lifecycle = new AtomicReference<>();
    Role slow =
        new Plain(GripstreamConfig.Role.CURATOR, null) {
          @Override
          public void start() {
            await().atMost(LONG).until(() -> away(lifecycle.get()));
          }
        };
    lifecycle.set(lifecycle(SharedBroker.clients(), slow));
    try {
      lifecycle.get().start();
      assertThat(away(lifecycle.get())).isFalse();
    } finally {
      lifecycle.get().close();
    }
  }

  private static boolean away(Lifecycle lifecycle) {
    return lifecycle.readiness().get("curator").contains("have not answered");
  }

  private static Handler hearing(List<String> said) {
    return new Handler() {
      @Override
      public void publish(LogRecord entry) {
        if (entry.getLevel().intValue() >= Level.INFO.intValue()) {
          said.add(ExtLogRecord.wrap(entry).getFormattedMessage());
        }
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  @Test
  void aRoleWhoseStartFailsForATimeIsClosedAndStartedAnew() {
    Plain role =
        new Plain(
            GripstreamConfig.Role.CURATOR,
            new KafkaException("cannot look", new TimeoutException("no answer")));
    Lifecycle lifecycle = lifecycle(SharedBroker.clients(), role);
    lifecycle.start();
    assertThat(lifecycle.readiness().get("curator")).contains("no answer");
    await().atMost(LONG).until(() -> lifecycle.readiness().get("curator").isEmpty());
    assertThat(starts).hasValue(2);
    role.notAlive = "the thread x has died";
    assertThat(lifecycle.liveness()).isEqualTo(Map.of("curator", "the thread x has died"));
    lifecycle.close();
    assertThat(closes).hasValue(2);
  }

  @Test
  void aRoleThatCannotBeStartedEndsTheStart() {
    Plain role =
        new Plain(GripstreamConfig.Role.CURATOR, new IllegalStateException("unequal partitions"));
    assertThatThrownBy(() -> lifecycle(SharedBroker.clients(), role).start())
        .hasMessage("unequal partitions");
  }

  @ParameterizedTest
  @CsvSource({"401, {}", "403, no"})
  void aRegistryThatRefusesIsAskedOnceAndEndsTheStartBeforeAnythingIsMade(int status, String body)
      throws Exception {
    try (StubRegistry registry = new StubRegistry(status, body)) {
      assertThatThrownBy(() -> prepared(registry).start())
          .satisfies(refusal -> assertThat(Fault.of(refusal)).isEqualTo(Fault.FATAL))
          .satisfies(
              refusal ->
                  assertThat(Fault.line(refusal))
                      .contains(registry.url(), "refuses", status + ": check the credentials"));
      assertThat(registry.requests()).isEqualTo(1);
      assertThat(made()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"503, {}, status 503", "404, <html>, status 404", "200, <html>, not answer as one"})
  void aRegistryThatIsDownOrNoneIsWaitedForBeforeAnythingIsMade(
      int status, String body, String says) throws Exception {
    try (StubRegistry registry = new StubRegistry(status, body)) {
      Lifecycle lifecycle = prepared(registry);
      try {
        lifecycle.start();
        assertThat(registry.requests()).isEqualTo(1);
        assertThat(lifecycle.readiness().get("curator")).contains(registry.url(), says);
        assertThat(starts).hasValue(0);
        assertThat(made()).isEmpty();

        registry.answer(404, "{\"error_code\":40403}");
        await().atMost(LONG).until(() -> lifecycle.readiness().get("curator").isEmpty());
        assertThat(made()).contains(topics.images());
        assertThat(registry.requests()).isEqualTo(2);
      } finally {
        lifecycle.close();
      }
    }
  }

  private Lifecycle prepared(StubRegistry stub) {
    GripstreamConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(GripstreamConfig.class)
            .build()
            .getConfigMapping(GripstreamConfig.class);
    RestRegistry registry = new RestRegistry(URI.create(stub.url()));
    return new Lifecycle(
        List.of(new Plain(GripstreamConfig.Role.CURATOR, null)),
        SharedBroker.clients(),
        admin ->
            Roles.prepare(admin, registry, config, topics, SharedBroker.clients().recordBytes()),
        Duration.ofSeconds(3),
        failure -> failures.incrementAndGet());
  }

  private List<String> made() throws Exception {
    try (var admin = SharedBroker.clients().admin()) {
      return admin.listTopics().names().get().stream()
          .filter(topic -> topic.startsWith(topics.prefix()))
          .toList();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
