package io.gripstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gripstream.GripstreamConfig.Role;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.gateway.board.Board;
import io.gripstream.gateway.stream.Feeds;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.labeler.Labeler;
import io.gripstream.refiner.Refiner;
import io.gripstream.wiring.TestStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A right that is taken away while a role runs, and given back. */
class LostRightsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Topics TOPICS = SecuredBroker.TOPICS;
  private static final Logger FETCHES =
      Logger.getLogger("org.apache.kafka.clients.consumer.internals.FetchCollector");
  private static final Logger FOLLOWERS = Logger.getLogger(Follower.class.getName());

  @TempDir Path folder;

  /** A labeler would label by a prompt that was taken back long ago. */
  @Test
  void aRoleThatMayNotReadWhatItFollowsSaysSoOnceIsNotReadyAndGoesOnByItself() throws Exception {
    Path pico = Path.of(LostRightsTest.class.getResource("/models/pico/config.json").toURI());
    try (SecuredBroker broker = new SecuredBroker(folder);
        EmbeddedRegistry registry = new EmbeddedRegistry(broker.clients(Role.GATEWAY), TOPICS);
        TestStream world =
            new TestStream(
                TOPICS,
                broker.clients(SecuredBroker.BROKER),
                new EmbeddedRegistry(broker.clients(SecuredBroker.BROKER), TOPICS));
        TorchClip clip = TorchClip.load(pico.getParent(), "pico", ComputeDevice.cpu())) {
      registry.registerContract();
      TopicSerdes serdes = new TopicSerdes(registry);
      try (Labeler labeler = broker.labeler(world, serdes, clip);
          Refiner refiner = broker.refiner(serdes, clip);
          Feeds feeds =
              new Feeds(
                  broker.clients(Role.GATEWAY),
                  TOPICS,
                  serdes,
                  Optional.empty(),
                  new Board(Clock.systemUTC()),
                  LONG)) {
        lose(broker, Role.LABELER, TOPICS.prompts(), labeler::notReady, labeler::notAlive);
        lose(broker, Role.REFINER, TOPICS.zeroShots(), refiner::notReady, refiner::notAlive);
        lose(broker, Role.GATEWAY, TOPICS.rounds(), feeds::notReady, feeds::notAlive);
        lose(broker, Role.GATEWAY, TOPICS.schemas(), registry::notReady, registry::notAlive);
      }
    }
  }

  private static void lose(
      SecuredBroker broker,
      Role role,
      String topic,
      Supplier<String> notReady,
      Supplier<String> notAlive)
      throws Exception {
    await(role + " is ready").atMost(LONG).until(() -> notReady.get().isEmpty());
    AclBinding read =
        SecuredBroker.rights(role).stream()
            .filter(right -> right.pattern().name().equals(topic))
            .filter(right -> right.entry().operation() == AclOperation.READ)
            .findFirst()
            .orElseThrow();
    Ear attempts = new Ear(FETCHES);
    Ear told = new Ear(FOLLOWERS);
    try (attempts;
        told;
        Admin admin = broker.clients(SecuredBroker.BROKER).admin()) {
      admin.deleteAcls(List.of(read.toFilter())).all().get();
      await(role + " is not ready")
          .atMost(LONG)
          .until(() -> notReady.get().contains("Not authorized to access topics: [" + topic));
      await("several attempts").atMost(LONG).until(() -> attempts.of(topic) >= 3);
      assertThat(notAlive.get()).isEmpty();
      assertThat(told.of(topic)).as("%s", told.lines).isEqualTo(1);
      admin.createAcls(List.of(read)).all().get();
      await(role + " goes on").atMost(LONG).until(() -> notReady.get().isEmpty());
    }
  }

  /** Hears what a logger says. */
  private static final class Ear extends Handler implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;

    Ear(Logger logger) {
      this.logger = logger;
      logger.addHandler(this);
    }

    /** In how many lines it named a topic. */
    long of(String topic) {
      return lines.stream().filter(line -> line.contains(topic)).count();
    }

    @Override
    public void publish(LogRecord entry) {
      lines.add(ExtLogRecord.wrap(entry).getFormattedMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
    }
  }
}
