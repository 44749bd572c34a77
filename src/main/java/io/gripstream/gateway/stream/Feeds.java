package io.gripstream.gateway.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.Board;
import io.gripstream.gateway.board.DeadLetter;
import io.gripstream.gateway.board.VersionFacts;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Pulse;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.Follower;
import io.gripstream.kafka.registry.PromptSignature.Verifier;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptReview;
import io.gripstream.prompt.PromptReview.Offer;
import io.gripstream.task.TaskRules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.jboss.logging.Logger;

/**
 * Follows the public topics into the board. Tasks first: what is said of a task nobody defined
 * cannot be judged.
 */
public final class Feeds implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Feeds.class);
  private static final long TAIL = 1000;
  private static final long DEAD_LETTER_TAIL = 100;
  private static final int LONGEST_KEY = 200;
  private static final int LONGEST_HEADER = 2000;

  private final Topics topics;
  private final TopicSerdes serdes;
  private final Optional<Verifier> verifier;
  private final Board board;
  private final PromptReview review;

  /** By task, where its latest definition was read, or its tombstone. */
  private final Map<String, Position> definedAt = new ConcurrentHashMap<>();

  private final Follower tasks;
  private final Follower labels;
  private final List<Follower> others = new ArrayList<>();

  /**
   * Begins to follow.
   *
   * @param verifier of live prompts; empty: they need no signature
   * @param timeout how long to wait for the tasks before going on without
   */
  public Feeds(
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Optional<Verifier> verifier,
      Board board,
      Duration timeout) {
    this.topics = topics;
    this.serdes = serdes;
    this.verifier = verifier;
    this.board = board;
    this.review = new PromptReview(prompt -> Optional.empty(), new Live());
    tasks = new Follower(clients, topics.tasks(), Follower.ALL, this::task);
    try {
      if (!tasks.awaitReady(timeout)) {
        LOG.warnf("%s is not read to its end after %s; going on", topics.tasks(), timeout);
      }
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
    others.add(new Follower(clients, topics.candidates(), Follower.ALL, this::candidate));
    others.add(new Follower(clients, topics.prompts(), Follower.ALL, this::prompt));
    others.add(new Follower(clients, topics.rounds(), Follower.ALL, this::round));
    labels = new Follower(clients, topics.labels(), Follower.ALL, this::label);
    others.add(labels);
    others.add(new Follower(clients, topics.batches(), TAIL, this::batch));
    others.add(new Follower(clients, topics.predictions(), TAIL, this::prediction));
    others.add(new Follower(clients, topics.deadLetters(), DEAD_LETTER_TAIL, this::deadLetter));
  }

  /** Whether everything that was there at the start is on the board. */
  public boolean ready() {
    return tasks.ready() && others.stream().allMatch(Follower::ready);
  }

  /** Why the board may not show what the topics say; empty: it does. */
  public String notReady() {
    return first(Follower::notReady);
  }

  /** Which thread has died or hangs; empty: none. */
  public String notAlive() {
    return first(Follower::notAlive);
  }

  private String first(Function<Follower, String> fault) {
    return Pulse.first(
        Stream.concat(Stream.of(tasks), others.stream()).map(fault).toArray(String[]::new));
  }

  /** Follows {@code tasks}: to wait until one's own change is on the board. */
  public Follower tasks() {
    return tasks;
  }

  /** Where the definition of a task lies that is on the board; null if it never had one. */
  Position definedAt(String task) {
    return definedAt.get(task);
  }

  /** Follows {@code labels}, for the same reason. */
  public Follower labels() {
    return labels;
  }

  /** One that breaks the rules is passed over: no other role follows it either. */
  private void task(ConsumerRecord<byte[], byte[]> record) {
    String task = Keys.text(record);
    TaskDefinition definition =
        record.value() == null
            ? null
            : serdes.tasks().deserializer().deserialize(topics.tasks(), record.value());
    TaskRules.fault(task, definition).ifPresent(fault -> board.unfollowed(task, fault));
    TaskRules.require(task, definition);
    board.task(task, definition);
    definedAt.put(task, positionOf(record));
    review.define(task, definition);
  }

  private void candidate(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() != null) {
      PromptVersion prompt = promptOf(record);
      board.candidate(VersionFacts.of(prompt), positionOf(record));
      review.candidate(Known.of(prompt));
    }
  }

  private void prompt(ConsumerRecord<byte[], byte[]> record) {
    String task = Keys.text(record);
    if (record.value() != null) {
      review.offer(
          task,
          new Offer(
              promptOf(record),
              verifier.flatMap(keys -> keys.fault(record.headers(), record.value()))));
    } else if (verifier.isEmpty()) {
      review.offer(task, null);
      board.live(task, null);
    }
  }

  /** Shows what the labelers serve, and what they refuse. */
  private final class Live implements PromptReview.Service {
    @Override
    public void serve(String task, PromptVersion prompt) {
      board.live(task, VersionFacts.of(prompt));
    }

    @Override
    public void refuse(String task, String reason) {
      board.refused(task, reason);
    }
  }

  private PromptVersion promptOf(ConsumerRecord<byte[], byte[]> record) {
    return serdes.prompts().deserializer().deserialize(record.topic(), record.value());
  }

  private void round(ConsumerRecord<byte[], byte[]> record) {
    board.round(serdes.rounds().deserializer().deserialize(record.topic(), record.value()));
  }

  private void label(ConsumerRecord<byte[], byte[]> record) {
    board.label(
        Keys.text(record),
        serdes.labels().deserializer().deserialize(record.topic(), record.value()));
  }

  private void batch(ConsumerRecord<byte[], byte[]> record) {
    board.batch(
        serdes.batches().deserializer().deserialize(record.topic(), record.value()),
        positionOf(record));
  }

  private void prediction(ConsumerRecord<byte[], byte[]> record) {
    board.prediction(
        serdes.predictions().deserializer().deserialize(record.topic(), record.value()),
        positionOf(record),
        record.timestamp());
  }

  private void deadLetter(ConsumerRecord<byte[], byte[]> record) {
    String origin =
        "%s-%s@%s"
            .formatted(
                header(record, DeadLetters.ORIGIN_TOPIC),
                header(record, DeadLetters.ORIGIN_PARTITION),
                header(record, DeadLetters.ORIGIN_OFFSET));
    board.deadLetter(
        new DeadLetter(
            record.key() == null ? null : text(record.key(), LONGEST_KEY),
            header(record, DeadLetters.CAUSE),
            header(record, DeadLetters.ROLE),
            origin,
            Math.max(0, record.serializedValueSize()),
            record.timestamp(),
            record.partition(),
            record.offset(),
            LetterImage.in(record.value(), serdes.images(), topics.images())
                .map(image -> image.type().mediaType())
                .orElse(null)));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? "?" : text(header.value(), LONGEST_HEADER);
  }

  /** The board keeps many letters, and whoever may write to the topic chooses their length. */
  private static String text(byte[] bytes, int longest) {
    String text = new String(bytes, UTF_8);
    return text.length() > longest ? text.substring(0, longest) + "…" : text;
  }

  private static Position positionOf(ConsumerRecord<byte[], byte[]> record) {
    return new Position(record.partition(), record.offset());
  }

  @Override
  public void close() {
    others.forEach(Follower::close);
    tasks.close();
  }
}
