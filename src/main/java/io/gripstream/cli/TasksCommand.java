package io.gripstream.cli;

import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskRules;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists, shows, creates and deletes tasks, as any producer of the topic {@code tasks} may. */
@Command(
    name = "tasks",
    description = "Lists, shows, creates and deletes the tasks of a running service.")
public final class TasksCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  @Command(name = "list", description = "Prints each task and its classes, by name.")
  int list(@Mixin ClientOptions client) {
    Map<String, TaskDefinition> tasks = with(client, Tasks::all);
    tasks.forEach(
        (name, definition) -> print("%s: %s", name, String.join(", ", definition.getClasses())));
    return 0;
  }

  @Command(name = "show", description = "Prints a task's definition as JSON.")
  int show(
      @Mixin ClientOptions client,
      @Parameters(paramLabel = "NAME", description = "The task.") String name) {
    TaskDefinition definition = known(with(client, Tasks::all), name);
    print("%s", new AvroJson(true).of(definition).toPrettyString());
    return 0;
  }

  @Command(name = "create", description = "Defines a new task.")
  int create(
      @Mixin ClientOptions client,
      @Parameters(paramLabel = "NAME", description = "A name that no task has.") String name,
      @Option(
              names = "--classes",
              required = true,
              split = ",",
              splitSynopsisLabel = ",",
              paramLabel = "CLASS",
              description = "What its images may show.")
          List<String> classes,
      @Option(
              names = "--template",
              paramLabel = "TEXT",
              description =
                  "The zero-shot prompt, with {} for the class. Default: a photo of a {}.")
          String template) {
    TaskDefinition definition = Tasks.definition(classes, template);
    List<String> faults = TaskRules.faults(name, definition);
    if (!faults.isEmpty()) {
      throw new ParameterException(
          spec.subcommands().get("create"),
          "NAME, --classes, --template: " + String.join("; ", faults));
    }
    return with(
        client,
        (clients, serdes, topics) -> {
          if (Tasks.all(clients, serdes, topics).containsKey(name)) {
            throw new CommandFailure("there is a task named " + name + " already");
          }
          Tasks.define(clients, serdes, topics, name, definition);
          return 0;
        });
  }

  @Command(
      name = "delete",
      description = {
        "Ends a task: its images are no longer labelled.",
        "What was written stays in the topics."
      })
  int delete(
      @Mixin ClientOptions client,
      @Parameters(paramLabel = "NAME", description = "The task.") String name) {
    return with(
        client,
        (clients, serdes, topics) -> {
          known(Tasks.all(clients, serdes, topics), name);
          Tasks.delete(clients, serdes, topics, name);
          return 0;
        });
  }

  private void print(String format, Object... values) {
    spec.commandLine().getOut().println(format.formatted(values));
    spec.commandLine().getOut().flush();
  }

  private static TaskDefinition known(Map<String, TaskDefinition> tasks, String name) {
    TaskDefinition definition = tasks.get(name);
    if (definition == null) {
      throw new CommandFailure("there is no task named " + name);
    }
    return definition;
  }

  private interface Work<T> {
    T on(KafkaClients clients, TopicSerdes serdes, Topics topics);
  }

  private static <T> T with(ClientOptions client, Work<T> work) {
    try (SchemaRegistry registry = client.registry()) {
      ClientOptions.require(registry);
      return work.on(client.clients(), new TopicSerdes(registry), client.topics());
    }
  }
}
