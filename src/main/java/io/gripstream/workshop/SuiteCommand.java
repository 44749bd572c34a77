package io.gripstream.workshop;

import io.gripstream.cli.Terminal;
import io.gripstream.event.Strategy;
import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.report.SuiteReports;
import io.gripstream.workshop.experiment.report.SuiteTables;
import io.gripstream.workshop.experiment.suite.Suite;
import io.gripstream.workshop.experiment.suite.SuiteFile;
import io.gripstream.workshop.experiment.suite.SuiteRow;
import io.gripstream.workshop.experiment.suite.SuiteSettings;
import io.gripstream.workshop.experiment.suite.SuiteSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Strategies and the judge over many data sets, models, class mixes and corruptions. */
@Command(
    name = "suite",
    description = {
      "Runs strategies with the gate and without over data sets, models, class mixes and"
          + " corruptions, and writes one table: what each gains, and how often the gate was right.",
      "What is finished is not run again: a second call goes on where the first one ended."
    })
final class SuiteCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--suite",
      required = true,
      paramLabel = "FILE",
      description =
          "A JSON file: {\"sets\": [{\"name\", \"path\", \"template\", \"folders\": {\"0\":"
              + " \"zero\"}, \"classes\": []}], \"models\": [{\"name\", \"folder\"}]}.")
  private Path suite;

  @Option(
      names = "--sets",
      split = ",",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "Of the file. Default: all.")
  private List<String> sets = List.of();

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME|DIR",
      splitSynopsisLabel = ",",
      description =
          "Of the file, or pico, a folder, or a name on a hub. Default: all of the file, or pico.")
  private List<String> models = List.of();

  @Option(
      names = "--strategies",
      split = ",",
      defaultValue = "balance,grip",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "Default: ${DEFAULT-VALUE}.")
  private List<Strategy> strategies;

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1,2,3",
      paramLabel = "N",
      splitSynopsisLabel = ",",
      description = "Of every draw: images, classes' shares, prompts. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Option(
      names = "--mixes",
      split = ",",
      defaultValue = "uniform,zipf,few",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "uniform, zipf (a class's share falls with its rank), few (four classes come).")
  private List<ClassMix> mixes;

  @Option(
      names = "--corruptions",
      split = ",",
      defaultValue = "asis,blurred,noisy,dark",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "asis, blurred, noisy, dark, grey. Default: ${DEFAULT-VALUE}.")
  private List<Corruption> corruptions;

  @Option(
      names = "--pool",
      defaultValue = "1200",
      paramLabel = "N",
      description = "Training images at most, drawn by the seed. Default: ${DEFAULT-VALUE}.")
  private int pool;

  @Option(
      names = "--test",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Test images at most, drawn by the seed; 0: all. Default: ${DEFAULT-VALUE}.")
  private int test;

  @Mixin private TrainingOptions training;

  @Mixin private MachineOptions machine;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Where suite.csv, suite.md, suite.json, suite.html and candidates.csv are written.")
  private Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    SuiteSettings settings = settings();
    SuiteFile sources = SuiteFile.read(suite).only(sets, models);
    Terminal terminal = new Terminal(spec.commandLine().getOut());
    SuiteProgress progress = new SuiteProgress(terminal, soFar -> write(settings, soFar));
    List<SuiteRow> rows =
        new Suite(
                sources,
                settings,
                new Experiment.Folders(machine.cache(), out.resolve("cells")),
                source -> ExperimentModel.load(source.model(), machine.device(), terminal),
                progress)
            .run();
    terminal.say("");
    terminal.say(SuiteTables.markdown(SuiteSummary.of(settings, rows)));
    terminal.say("table    " + out.resolve("suite.csv"));
    terminal.say("report   " + out.resolve("suite.html"));
    return rows.stream().allMatch(row -> row.failures().isEmpty()) ? 0 : 1;
  }

  private void write(SuiteSettings settings, List<SuiteRow> rows) throws IOException {
    SuiteReports.write(out, SuiteSummary.of(settings, rows));
  }

  private SuiteSettings settings() {
    if (pool < 1 || test < 0) {
      throw usage("--pool and --test: expected how many images");
    }
    for (List<?> list : List.of(strategies, seeds, mixes, corruptions)) {
      if (new HashSet<>(list).size() < list.size()) {
        throw usage("the suite would have a cell twice: " + list);
      }
    }
    try {
      return new SuiteSettings(
          strategies, seeds, mixes, corruptions, pool, test, training.training());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
