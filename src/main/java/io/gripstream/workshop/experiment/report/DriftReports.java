package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.drift.DriftSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the reports of a played stream. */
public final class DriftReports {
  private DriftReports() {}

  /** Into a folder, in the place of what was there before. */
  public static void write(Path folder, DriftSummary summary) throws IOException {
    Files.createDirectories(folder);
    WholeFile.put(folder.resolve("drift.csv"), DriftTables.course(summary));
    WholeFile.put(folder.resolve("parts.csv"), DriftTables.parts(summary));
    WholeFile.put(folder.resolve("events.csv"), DriftTables.events(summary));
    WholeFile.put(folder.resolve("drift.md"), DriftTables.markdown(summary));
    WholeFile.put(folder.resolve("drift.html"), new DriftPage(summary).html());
  }
}
