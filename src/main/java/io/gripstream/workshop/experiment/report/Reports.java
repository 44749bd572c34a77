package io.gripstream.workshop.experiment.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the reports of an experiment. */
public final class Reports {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Reports() {}

  /** Into a folder, in the place of what was there before. */
  public static void write(Path folder, Summary summary) throws IOException {
    Files.createDirectories(folder);
    WholeFile.put(folder.resolve("results.csv"), Tables.results(summary));
    WholeFile.put(folder.resolve("timings.csv"), Tables.timings(summary));
    WholeFile.put(folder.resolve("results.json"), json(summary));
    WholeFile.put(folder.resolve("report.html"), new Page(summary).html());
  }

  /** Everything, with the training's settings as the contract calls them. */
  static String json(Summary summary) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("dataset", summary.dataset())
        .put("dataDigest", summary.dataDigest())
        .put("trainingImages", summary.trainingImages())
        .put("testImages", summary.testImages())
        .put("model", summary.model())
        .put("arithmetic", summary.arithmetic())
        .set("classes", JSON.valueToTree(summary.classes()));
    var settings = summary.settings();
    ObjectNode given = root.putObject("settings");
    given.set("paradigms", JSON.valueToTree(settings.paradigms()));
    given.set("modalities", JSON.valueToTree(settings.modalities()));
    given.set("strategies", JSON.valueToTree(settings.strategies()));
    given.set("seeds", JSON.valueToTree(settings.seeds()));
    given
        .put("pool", settings.pool())
        .put("test", settings.test())
        .put("labelsPerClass", settings.labelsPerClass())
        .put("unseenShare", settings.unseenShare())
        .put("template", settings.template())
        .put("gate", settings.gate())
        // Avro's own text of a record is JSON.
        .set("training", JSON.readTree(settings.training().toString()));
    root.set("cells", JSON.valueToTree(summary.cells()));
    root.set("failures", JSON.valueToTree(summary.failures()));
    root.set("unreadable", JSON.valueToTree(summary.unreadable()));
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
  }
}
