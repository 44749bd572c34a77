package io.gripstream.cli;

import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskRules;
import java.util.List;
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
    Tasks.Defined tasks = with(client, Tasks::all);
    for (String name : tasks.names()) {
      TaskDefinition definition = tasks.followed().get(name);
      if (definition == null) {
        print("%s is not followed: %s", name, tasks.faults().get(name));
      } else {
        print("%s: %s", name, String.join(", ", definition.getClasses()));
      }
    }
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
          if (Tasks.all(clients, serdes, topics).followed().containsKey(name)) {
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
          if (!Tasks.all(clients, serdes, topics).names().contains(name)) {
            throw noTask(name);
          }
          Tasks.delete(clients, serdes, topics, name);
          return 0;
        });
  }

  private void print(String format, Object... values) {
    spec.commandLine().getOut().println(format.formatted(values));
    spec.commandLine().getOut().flush();
  }

  private static TaskDefinition known(Tasks.Defined tasks, String name) {
    TaskDefinition definition = tasks.followed().get(name);
    if (definition == null) {
      String fault = tasks.faults().get(name);
      throw fault == null
          ? noTask(name)
          : new CommandFailure("the definition of " + name + " is not followed: " + fault);
    }
    return definition;
  }

  private static CommandFailure noTask(String name) {
    return new CommandFailure("there is no task named " + name);
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
