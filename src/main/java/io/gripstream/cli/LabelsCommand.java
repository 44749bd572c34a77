package io.gripstream.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Exports and imports labels, by the gateway's REST interface. */
@Command(
    name = "labels",
    description = "Exports the labels of a task to other tools, and imports theirs.")
public final class LabelsCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** The formats, as the interface names them. */
  private enum Format {
    CSV("csv", "text/csv"),
    JSONL("jsonl", "application/x-ndjson"),
    LABEL_STUDIO("label-studio", "application/json");

    private final String word;
    private final String mediaType;

    Format(String word, String mediaType) {
      this.word = word;
      this.mediaType = mediaType;
    }

    @Override
    public String toString() {
      return word;
    }
  }

  /** Which images are exported, as the interface names them. */
  private enum Of {
    LABELS,
    PREDICTIONS,
    PSEUDOLABELS
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  @Command(name = "export", description = "Writes a task's labels to a file or to the terminal.")
  int export(
      @Mixin GatewayOptions gateway,
      @Option(names = "--task", required = true, paramLabel = "NAME", description = "The task.")
          String task,
      @Option(
              names = "--format",
              paramLabel = "FORMAT",
              defaultValue = "CSV",
              description = "${COMPLETION-CANDIDATES}. Default: csv.")
          Format format,
      @Option(
              names = "--of",
              paramLabel = "IMAGES",
              defaultValue = "LABELS",
              description = {
                "labels: the images that people labelled, the default.",
                "predictions: the latest images, to be looked over.",
                "pseudolabels: those that a round trained on."
              })
          Of of,
      @Option(names = "--round", paramLabel = "N", description = "The round, for pseudolabels.")
          Integer round,
      @Option(
              names = "--output",
              paramLabel = "FILE",
              description = "Where to. Default: the terminal.")
          Path output)
      throws IOException {
    String query =
        "export?format=%s&of=%s%s"
            .formatted(
                format, of.name().toLowerCase(Locale.ROOT), round == null ? "" : "&round=" + round);
    RestClient.Answer answer = gateway.client().get(path(task) + query);
    try (InputStream body = answer.body()) {
      if (output == null) {
        Writer out = spec.commandLine().getOut();
        new InputStreamReader(body, StandardCharsets.UTF_8).transferTo(out);
        out.flush();
      } else {
        Files.copy(body, output, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    long leftOut = answer.number("Gripstream-Left-Out");
    if (leftOut > 0) {
      say(
          "left out: %d images that the gateway no longer remembers, or whose place it does not know"
              .formatted(leftOut));
    }
    return 0;
  }

  @Command(
      name = "import",
      description = {
        "Takes labels from a file: CSV, JSON lines, or Label Studio's export JSON.",
        "Lines that are wrong are named, and the others are taken."
      })
  int importFile(
      @Mixin GatewayOptions gateway,
      @Option(names = "--task", required = true, paramLabel = "NAME", description = "The task.")
          String task,
      @Option(
              names = "--format",
              paramLabel = "FORMAT",
              description = {
                "${COMPLETION-CANDIDATES}.",
                "Default: what the file's name ends with: .csv, .jsonl, or .json for Label Studio."
              })
          Format format,
      @Parameters(paramLabel = "FILE", description = "Where the labels are.") Path file)
      throws IOException {
    if (!Files.isReadable(file)) {
      throw new CommandFailure("there is no readable file " + file);
    }
    Format as = format == null ? formatOf(file) : format;
    JsonNode report = gateway.client().post(path(task) + "import", as.mediaType, file);
    for (JsonNode refused : report.path("refused")) {
      say(
          "refused: %s %d: %s"
              .formatted(
                  as == Format.LABEL_STUDIO ? "task" : "line",
                  refused.path("number").asLong(),
                  refused.path("reason").asText()));
    }
    say(
        "%d labels taken, %d without a label, %d refused"
            .formatted(
                report.path("taken").asInt(),
                report.path("unlabelled").asInt(),
                report.path("refused").size()));
    return report.path("refused").isEmpty() ? 0 : 1;
  }

  private Format formatOf(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".csv")) {
      return Format.CSV;
    }
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return Format.JSONL;
    }
    if (name.endsWith(".json")) {
      return Format.LABEL_STUDIO;
    }
    throw new ParameterException(
        spec.subcommands().get("import"), "--format: the name of " + file + " does not tell it");
  }

  private static String path(String task) {
    return "/api/tasks/" + RestClient.encoded(task) + "/labels/";
  }

  private void say(String line) {
    new Terminal(spec.commandLine().getErr()).say(line);
  }
}
