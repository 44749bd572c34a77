package io.gripstream.workshop.experiment.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.suite.Condition;
import io.gripstream.workshop.experiment.suite.SuiteRow;
import io.gripstream.workshop.experiment.suite.SuiteSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the reports of a suite. */
public final class SuiteReports {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SuiteReports() {}

  /** Into a folder, in the place of what was there before. */
  public static void write(Path folder, SuiteSummary summary) throws IOException {
    Files.createDirectories(folder);
    WholeFile.put(folder.resolve("suite.csv"), SuiteTables.csv(summary));
    WholeFile.put(folder.resolve("candidates.csv"), SuiteTables.candidates(summary));
    WholeFile.put(folder.resolve("suite.md"), SuiteTables.markdown(summary));
    WholeFile.put(folder.resolve("suite.json"), json(summary));
    WholeFile.put(folder.resolve("suite.html"), new SuitePage(summary).html());
  }

  /** Everything but the cells, which have files of their own. */
  static String json(SuiteSummary summary) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    var settings = summary.settings();
    ObjectNode given = root.putObject("settings");
    given.set("strategies", JSON.valueToTree(settings.strategies()));
    given.set("seeds", JSON.valueToTree(settings.seeds()));
    given.set("mixes", JSON.valueToTree(settings.mixes()));
    given.set("corruptions", JSON.valueToTree(settings.corruptions()));
    given
        .put("pool", settings.pool())
        .put("test", settings.test())
        // Avro's own text of a record is JSON.
        .set("training", JSON.readTree(settings.training().toString()));
    var rows = root.putArray("rows");
    for (SuiteRow row : summary.rows()) {
      ObjectNode each = rows.addObject();
      each.set("condition", JSON.valueToTree(row.condition()));
      each.put("classes", row.classes())
          .put("zeroShot", row.zeroShot())
          .put("trueLabels", row.bound());
      ObjectNode strategies = each.putObject("strategies");
      for (Strategy strategy : settings.strategies()) {
        strategies
            .putObject(Condition.word(strategy))
            .put("free", row.free(strategy))
            .put("gated", row.gated(strategy))
            .put("freeWorstSeedGain", SuiteTables.worst(row, strategy, false))
            .put("gatedWorstSeedGain", SuiteTables.worst(row, strategy, true))
            .put("gapClosed", row.gapClosed(strategy));
      }
      each.set("failures", JSON.valueToTree(row.failures()));
    }
    root.set("strategies", JSON.valueToTree(summary.strategies()));
    root.set("judge", JSON.valueToTree(summary.judge()));
    root.set("frontiers", JSON.valueToTree(summary.frontiers()));
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
  }
}
