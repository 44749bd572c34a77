package io.gripstream.gateway;

import io.gripstream.GripstreamConfig;
import io.gripstream.gateway.board.Board;
import io.gripstream.gateway.stream.Backlog;
import io.gripstream.gateway.stream.Feeds;
import io.gripstream.gateway.stream.ImageStore;
import io.gripstream.gateway.stream.Publisher;
import io.gripstream.gateway.stream.TaskWriter;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.RecordReader;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.PromptSignature.Verifier;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.role.Role;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import java.time.Clock;
import java.time.Duration;

/**
 * The gateway role: starts with the process when it is among the roles, and holds what its
 * resources share.
 */
@ApplicationScoped
public class Gateway implements Role {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);
  private static final int READERS = 4;

  private final GripstreamConfig config;
  private final Instance<KafkaClients> clients;
  private final Topics topics;
  private final Instance<TopicSerdes> serdes;
  private final Board board = new Board(Clock.systemUTC());

  private Publisher publisher;
  private RecordReader reader;
  private ImageStore images;
  private Backlog backlog;
  private volatile Feeds feeds;
  private volatile TaskWriter tasks;

  Gateway(
      GripstreamConfig config,
      Instance<KafkaClients> clients,
      Topics topics,
      Instance<TopicSerdes> serdes,
      MeterRegistry meters) {
    this.config = config;
    this.clients = clients;
    this.topics = topics;
    this.serdes = serdes;
    if (enabled()) {
      Gauge.builder("gripstream.gateway.dead.letters", board, Board::deadLetterCount)
          .description("Dead letters that this process has seen")
          .register(meters);
    }
  }

  @Override
  public GripstreamConfig.Role part() {
    return GripstreamConfig.Role.GATEWAY;
  }

  @Override
  public void start() {
    publisher =
        new Publisher(clients.get(), topics.prefix() + "gateway-" + config.kafka().instanceId());
    reader = new RecordReader(clients.get(), READERS);
    images = new ImageStore(reader, topics.images(), serdes.get());
    backlog = new Backlog(clients.get(), topics);
    feeds =
        new Feeds(
            clients.get(),
            topics,
            serdes.get(),
            config.prompts().verifyKey().map(Verifier::new),
            board,
            TIMEOUT);
    tasks = new TaskWriter(clients.get(), topics, feeds);
  }

  @Override
  public String notReady() {
    return feeds.notReady();
  }

  @Override
  public String notAlive() {
    return feeds.notAlive();
  }

  @Override
  public void close() {
    if (tasks != null) {
      tasks.close();
    }
    if (feeds != null) {
      feeds.close();
    }
    if (reader != null) {
      reader.close();
    }
    if (publisher != null) {
      publisher.close();
    }
    if (backlog != null) {
      backlog.close();
    }
  }

  /** Whether this process plays the role. */
  public boolean enabled() {
    return config.roles().contains(GripstreamConfig.Role.GATEWAY);
  }

  /** Whether everything that was in the topics at the start is on the board. */
  public boolean ready() {
    return feeds != null && feeds.ready();
  }

  public Board board() {
    return board;
  }

  public Publisher publisher() {
    return publisher;
  }

  public RecordReader reader() {
    return reader;
  }

  public ImageStore images() {
    return images;
  }

  public Backlog backlog() {
    return backlog;
  }

  public Feeds feeds() {
    return feeds;
  }

  /** Writes definitions of tasks. */
  public TaskWriter tasks() {
    return tasks;
  }

  public TopicSerdes serdes() {
    return serdes.get();
  }
}
