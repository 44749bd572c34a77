package io.gripstream.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.Board;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.SharedBroker;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskCases;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two gateways of one cluster, as far as they define tasks. */
class TaskWriterTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final KafkaClients clients = SharedBroker.clients();
  private final Topics topics = SharedBroker.freshTopics(2);
  private final List<AutoCloseable> opened = new ArrayList<>();
  private TopicSerdes serdes;
  private OneGateway one;
  private OneGateway other;

  private final class OneGateway {
    private final Board board = new Board(Clock.systemUTC());
    private final TaskWriter writer;

    OneGateway() {
      Feeds feeds = new Feeds(clients, topics, serdes, Optional.empty(), board, TIMEOUT);
      writer = new TaskWriter(clients, topics, feeds);
      opened.add(feeds);
      opened.add(writer);
    }

    /** Defines a task if it is not yet; with so many top labels, to tell who did. */
    boolean create(String task, int topK) {
      try {
        writer.write(
            task,
            bytes(topK),
            () -> {
              if (board.find(task).isPresent()) {
                throw new IllegalStateException("it is there");
              }
            });
        return true;
      } catch (IllegalStateException e) {
        return false;
      }
    }

    int topK(String task) {
      return board.find(task).orElseThrow().definition().orElseThrow().getTopK();
    }
  }

  private byte[] bytes(int topK) {
    return serdes
        .tasks()
        .serializer()
        .serialize(
            topics.tasks(),
            TaskDefinition.newBuilder(TaskCases.inside().get(0).definition())
                .setTopK(topK)
                .build());
  }

  @BeforeEach
  void open() {
    EmbeddedRegistry registry = new EmbeddedRegistry(clients, topics);
    opened.add(registry);
    serdes = new TopicSerdes(registry);
    one = new OneGateway();
    other = new OneGateway();
  }

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  @Test
  void ofSeveralThatDefineATaskAtOnceOneDoesWhicheverGatewaysTheyAsk() throws Exception {
    ExecutorService clientsOfThem = Executors.newFixedThreadPool(6);
    try {
      for (int round = 0; round < 10; round++) {
        String task = "task-" + round;
        List<Callable<Boolean>> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          OneGateway asked = i % 2 == 0 ? one : other;
          int topK = i + 1;
          requests.add(() -> asked.create(task, topK));
        }
        int winner = 0;
        int winners = 0;
        List<Future<Boolean>> answers = clientsOfThem.invokeAll(requests);
        for (int i = 0; i < answers.size(); i++) {
          if (answers.get(i).get()) {
            winner = i + 1;
            winners++;
          }
        }
        assertThat(winners).isEqualTo(1);
        assertThat(one.create(task, 9)).isFalse();
        assertThat(other.create(task, 9)).isFalse();
        assertThat(List.of(one.topK(task), other.topK(task))).containsOnly(winner);
      }
    } finally {
      clientsOfThem.shutdown();
    }
  }

  /** A producer that is no gateway, too: the board shows what it wrote before. */
  @Test
  void whatWasWrittenBeforeIsSeenWhoeverWroteIt() throws Exception {
    try (Producer<String, byte[]> producer =
        clients.producer(null, new StringSerializer(), new ByteArraySerializer())) {
      for (int round = 0; round < 20; round++) {
        String task = "task-" + round;
        producer.send(new ProducerRecord<>(topics.tasks(), task, bytes(3))).get();
        assertThat(one.create(task, 1)).isFalse();
        producer.send(new ProducerRecord<>(topics.tasks(), task, null)).get();
        assertThat(other.create(task, 2)).isTrue();
      }
    }
  }

  @Test
  void aConditionThatDoesNotHoldWritesNothingAndTheNextRequestIsAnswered() {
    assertThatThrownBy(
            () ->
                one.writer.write(
                    "task",
                    bytes(1),
                    () -> {
                      throw new IllegalArgumentException("no");
                    }))
        .hasMessage("no");
    assertThat(one.board.find("task")).isEmpty();
    assertThat(one.create("task", 1)).isTrue();
  }
}
