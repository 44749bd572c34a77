package io.gripstream.cli;

import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.follow.TopicView;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskRules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Reads and writes task definitions as anybody could. */
public final class Tasks {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Tasks() {}

  /**
   * A definition with default settings.
   *
   * @param template null: the default one
   */
  static TaskDefinition definition(List<String> classes, String template) {
    TaskDefinition.Builder builder = TaskDefinition.newBuilder().setClasses(classes);
    if (template != null) {
      builder.setTemplate(template);
    }
    return builder.build();
  }

  /**
   * Returns when the brokers have it.
   *
   * @throws IllegalArgumentException when it breaks the rules: nothing is written
   */
  public static void define(
      KafkaClients clients,
      TopicSerdes serdes,
      Topics topics,
      String task,
      TaskDefinition definition) {
    TaskRules.require(task, definition);
    write(clients, serdes, topics, task, definition);
  }

  /**
   * What the topic defines, by name.
   *
   * @param followed the definitions that hold
   * @param faults how the latest definition breaks the rules, of tasks that have no other
   */
  record Defined(Map<String, TaskDefinition> followed, Map<String, String> faults) {
    Set<String> names() {
      Set<String> names = new TreeSet<>(followed.keySet());
      names.addAll(faults.keySet());
      return names;
    }
  }

  /** All there are; as in every role, a definition that breaks the rules changes nothing. */
  static Defined all(KafkaClients clients, TopicSerdes serdes, Topics topics) {
    Map<String, String> faults = new ConcurrentHashMap<>();
    try (TopicView<TaskDefinition> view =
        new TopicView<>(
            clients,
            topics.tasks(),
            serdes.tasks().deserializer(),
            (name, definition) -> {
              TaskRules.fault(name, definition).ifPresent(fault -> faults.put(name, fault));
              TaskRules.require(name, definition);
            },
            (name, definition) -> faults.remove(name))) {
      view.awaitReady(TIMEOUT);
      Map<String, TaskDefinition> followed = new TreeMap<>(view.snapshot());
      faults.keySet().removeAll(followed.keySet());
      return new Defined(followed, new TreeMap<>(faults));
    }
  }

  /** Ends a task; returns when the brokers have it. */
  static void delete(KafkaClients clients, TopicSerdes serdes, Topics topics, String task) {
    write(clients, serdes, topics, task, null);
  }

  private static void write(
      KafkaClients clients,
      TopicSerdes serdes,
      Topics topics,
      String task,
      TaskDefinition definition) {
    try (KafkaProducer<String, TaskDefinition> producer =
        clients.producer(null, new StringSerializer(), serdes.tasks().serializer())) {
      producer.send(new ProducerRecord<>(topics.tasks(), task, definition)).get();
    } catch (ExecutionException e) {
      throw new CommandFailure("the definition of " + task + " was not taken", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted");
    }
  }
}
