package io.gripstream.cli;

import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskRules;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes task definitions as any producer would. */
public final class Tasks {
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
