package io.gripstream.cli;

import io.gripstream.event.TaskDefinition;
import io.gripstream.files.ImageFiles;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.task.TaskRules;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends a folder's or an archive's images through a running service. */
@Command(
    name = "send",
    description = {
      "Sends the images of a folder or a zip archive to a running service.",
      "An image's id is its relative path; in later passes, with #2, #3 ... behind it."
    })
public final class SendCommand implements Callable<Integer> {
  private static final Duration PROMPT_TIMEOUT = Duration.ofMinutes(2);

  @Spec private CommandSpec spec;
  @Mixin private ClientOptions client;

  @Parameters(paramLabel = "FOLDER|ZIP", description = "Where the images are.")
  private Path source;

  @Option(
      names = "--task",
      required = true,
      paramLabel = "NAME",
      description = "The task that shall label them.")
  private String task;

  @Option(
      names = "--define-classes",
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "CLASS",
      description = "Define the task first, with these classes and otherwise default settings.")
  private List<String> classes;

  @Option(
      names = "--classes-from-folders",
      description = "Define the task first; the folders that images lie in are its classes.")
  private boolean classesFromFolders;

  @Option(
      names = "--template",
      paramLabel = "TEXT",
      description = "Its zero-shot prompt, with {} for the class. Default: a photo of a {}.")
  private String template;

  @Option(
      names = "--entries",
      paramLabel = "PREFIX",
      defaultValue = "",
      description = "Only files whose relative path begins with this.")
  private String prefix;

  @Option(
      names = "--in-order",
      description = "In order of their paths. Default: shuffled, as folders are sorted by class.")
  private boolean inOrder;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the shuffling. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--rate",
      defaultValue = "0",
      paramLabel = "N",
      description = "Images a second. Default: as fast as the brokers take them.")
  private double rate;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many images a pass.")
  private Long limit;

  @Option(
      names = "--passes",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "Send all of them so many times. Between passes, what was sent is awaited, and so is a"
              + " round in progress. Default: ${DEFAULT-VALUE}.")
  private int passes;

  @Option(
      names = "--truth-from-folders",
      description =
          "The folder that an image lies in names its class: wait for the predictions and report"
              + " how many are right. The truth stays in this process.")
  private boolean truthFromFolders;

  @Option(
      names = "--folder-class",
      splitSynopsisLabel = ",",
      paramLabel = "FOLDER=CLASS",
      split = ",",
      description = "What a folder's images are called in the task, where the names differ.")
  private Map<String, String> folderClasses = new LinkedHashMap<>();

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write what was measured as JSON. Needs --truth-from-folders.")
  private Path report;

  @Option(
      names = {"--timeout", "--patience"},
      paramLabel = "TIME",
      defaultValue = "1m",
      description = "How long to wait for predictions when none come. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Override
  public Integer call() throws IOException {
    validate();
    try (ImageFiles files = ImageFiles.open(source, prefix);
        SchemaRegistry registry = client.registry()) {
      ClientOptions.require(registry);
      Topics topics = client.topics();
      KafkaClients clients = client.clients();
      TopicSerdes serdes = new TopicSerdes(registry);
      if (classesFromFolders) {
        classes = classesOf(files.names());
        requireFitDefinition();
      }
      List<String> labels =
          classes == null ? known(Tasks.all(clients, serdes, topics).followed()) : classes;
      List<String> names = inOrder ? files.names() : files.shuffled(seed);
      if (limit != null) {
        names = names.subList(0, (int) Math.min(limit, names.size()));
      }
      if (truthFromFolders) {
        // What is amiss shows before anything is sent.
        names.forEach(name -> truth(name, labels));
      }
      Tally tally = new Tally(task, labels);
      try (Measurement measurement =
              truthFromFolders || classes != null
                  ? new Measurement(clients, topics, serdes, task, tally)
                  : null;
          ImageSender sender =
              new ImageSender(clients, serdes.images(), topics.images(), List.of(task))) {
        if (classes != null) {
          TaskDefinition definition = definition();
          Tasks.define(clients, serdes, topics, task, definition);
          measurement.awaitPrompt(definition, PROMPT_TIMEOUT);
        }
        return send(files, names, labels, sender, tally, truthFromFolders ? measurement : null);
      }
    }
  }

  /** The classes of the task: images for one that there is not would become dead letters. */
  private List<String> known(Map<String, TaskDefinition> tasks) {
    TaskDefinition definition = tasks.get(task);
    if (definition == null) {
      throw new CommandFailure(
          "there is no task named %s: define it with --define-classes or --classes-from-folders"
              .formatted(task));
    }
    return definition.getClasses();
  }

  private void validate() {
    if (rate < 0) {
      throw usage("--rate: expected images a second, or 0 for no limit");
    }
    if (passes < 1) {
      throw usage("--passes: expected at least 1");
    }
    if (limit != null && limit < 1) {
      throw usage("--limit: expected at least 1");
    }
    if (report != null && !truthFromFolders) {
      throw usage("--report needs --truth-from-folders: there is nothing to measure without it");
    }
    if (classes != null && classesFromFolders) {
      throw usage("--define-classes or --classes-from-folders: only one of them");
    }
    if (template != null && classes == null && !classesFromFolders) {
      throw usage("--template belongs to --define-classes or --classes-from-folders");
    }
    if (classes != null) {
      requireFitDefinition();
    }
  }

  private void requireFitDefinition() {
    List<String> faults = TaskRules.faults(task, definition());
    if (!faults.isEmpty()) {
      throw usage(
          "--task, %s, --template: %s"
              .formatted(
                  classesFromFolders ? "--classes-from-folders" : "--define-classes",
                  String.join("; ", faults)));
    }
  }

  private List<String> classesOf(List<String> names) {
    return names.stream()
        .map(name -> className("--classes-from-folders", name))
        .distinct()
        .sorted()
        .toList();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private TaskDefinition definition() {
    return Tasks.definition(classes, template);
  }

  private int send(
      ImageFiles files,
      List<String> names,
      List<String> labels,
      ImageSender sender,
      Tally tally,
      Measurement measurement)
      throws IOException {
    Terminal terminal = new Terminal(spec.commandLine().getErr());
    if (!files.linkedFolders().isEmpty()) {
      terminal.say(
          "not sent, as links to folders are not followed: "
              + String.join(", ", files.linkedFolders()));
    }
    if (!files.otherFiles().isEmpty()) {
      terminal.say(
          "not sent, as their names do not end as an image's: %d, such as %s"
              .formatted(files.otherFiles().size(), files.otherFiles().get(0)));
    }
    Instant start = Instant.now();
    Pace pace = new Pace(rate);
    long sent = 0;
    long unsent = 0;
    boolean settled = true;
    for (int pass = 1; pass <= passes; pass++) {
      for (String name : names) {
        byte[] content = read(files, name, terminal);
        if (content == null) {
          unsent++;
          continue;
        }
        pace.await();
        String imageId = pass == 1 ? name : name + "#" + pass;
        tally.sent(imageId, measurement == null ? null : truth(name, labels), Instant.now());
        sender.send(imageId, content);
        sent++;
        if (terminal.due()) {
          terminal.progress(
              measurement == null
                  ? "%d sent".formatted(sent)
                  : tally.line(Duration.between(start, Instant.now())));
        }
      }
      sender.flush();
      if (measurement != null) {
        settled = measurement.awaitOutcomes(timeout);
        if (pass < passes) {
          measurement.awaitQuiet(Duration.ofMinutes(10));
        }
      }
    }
    terminal.say(
        "%d images sent%s".formatted(sent, unsent == 0 ? "" : ", %d not".formatted(unsent)));
    if (measurement != null) {
      Instant jvmStart = Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
      Report outcome = tally.report(jvmStart, Instant.now());
      spec.commandLine().getOut().println(outcome.json());
      spec.commandLine().getOut().flush();
      if (report != null) {
        outcome.write(report);
      }
    }
    return settled && unsent == 0 ? 0 : 1;
  }

  /** A file's bytes; null where it cannot be sent, which is said. */
  private byte[] read(ImageFiles files, String name, Terminal terminal) {
    try {
      byte[] content = files.read(name, client.maxImageBytes());
      if (content == null) {
        terminal.say("not sent, larger than %d bytes: %s".formatted(client.maxImageBytes(), name));
      }
      return content;
    } catch (IOException e) {
      terminal.say("not sent, %s: %s".formatted(name, Failures.sentence(e)));
      return null;
    }
  }

  /** What the images of the folder that an image lies in are called. */
  private String className(String option, String name) {
    String folder = ImageFiles.folderOf(name);
    if (folder == null) {
      throw new CommandFailure("%s: %s is in no folder".formatted(option, name));
    }
    return folderClasses.entrySet().stream()
        .filter(named -> ImageFiles.composed(named.getKey()).equals(folder))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(folder);
  }

  private String truth(String name, List<String> labels) {
    String folder = ImageFiles.folderOf(name);
    String truth = className("--truth-from-folders", name);
    return labels.stream()
        .filter(each -> ImageFiles.composed(each).equals(ImageFiles.composed(truth)))
        .findFirst()
        .orElseThrow(
            () ->
                new CommandFailure(
                    "folder %s is none of the classes %s: name its class with --folder-class %s=CLASS"
                        .formatted(folder, labels, folder)));
  }
}
