package io.gripstream.workshop;

import io.gripstream.cli.Terminal;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.files.ImageFiles;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Model;
import io.gripstream.workshop.experiment.Settings;
import io.gripstream.workshop.experiment.report.Reports;
import io.gripstream.workshop.experiment.report.Summary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The paper's tables over a folder of images. */
@Command(
    name = "experiment",
    description = {
      "Runs the paper's experiments offline, over a folder or a zip archive of images whose folders"
          + " name their classes.",
      "Lists separated by commas make a grid. What is finished is not run again: a second call goes"
          + " on where the first one ended."
    },
    subcommands = {SuiteCommand.class, DriftCommand.class})
public final class ExperimentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      defaultValue = "pico",
      paramLabel = "NAME|DIR",
      description =
          "pico, a folder in the Hugging Face layout, or a name on a hub, such as"
              + " openai/clip-vit-base-patch32. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--data",
      paramLabel = "FOLDER|ZIP",
      description =
          "Required. The images. With train/ and test/ beside each other, these are the splits; otherwise a"
              + " fifth of each class is the test.")
  private Path data;

  @Option(
      names = "--paradigm",
      split = ",",
      defaultValue = "ul",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "ul, ssl, trzsl. Default: ${DEFAULT-VALUE}.")
  private List<Paradigm> paradigms;

  @Option(
      names = "--modality",
      split = ",",
      defaultValue = "text",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "text, visual, multimodal. Default: ${DEFAULT-VALUE}.")
  private List<Modality> modalities;

  @Option(
      names = "--strategy",
      split = ",",
      defaultValue = "grip",
      paramLabel = "NAME",
      splitSynopsisLabel = ",",
      description = "fpl, ifpl, grip, cpl. Default: ${DEFAULT-VALUE}.")
  private List<Strategy> strategies;

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1",
      paramLabel = "N",
      splitSynopsisLabel = ",",
      description = "Of every draw: images, labels, unseen classes, prompts. Default: 1.")
  private List<Long> seeds;

  @Option(
      names = "--pool",
      defaultValue = "5000",
      paramLabel = "N",
      description = "Training images, drawn by the seed. Default: ${DEFAULT-VALUE}.")
  private int pool;

  @Option(
      names = "--test",
      defaultValue = "0",
      paramLabel = "N",
      description = "Test images at most, drawn by the seed. Default: all.")
  private int test;

  @Option(
      names = "--labels-per-class",
      defaultValue = "2",
      paramLabel = "N",
      description = "Human labels of each class for SSL. Default: ${DEFAULT-VALUE}.")
  private int labelsPerClass;

  @Option(
      names = "--unseen-share",
      defaultValue = "0.38",
      paramLabel = "SHARE",
      description = "The share of classes without labels for TRZSL. Default: ${DEFAULT-VALUE}.")
  private double unseenShare;

  @Mixin private NamingOptions naming;

  @Mixin private TrainingOptions training;

  @Option(
      names = "--gate",
      description = "Put the service's gate between the rounds; the paper has none.")
  private boolean gate;

  @Mixin private MachineOptions machine;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Required. Where results.csv, timings.csv, results.json and report.html are written.")
  private Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Settings settings = settings();
    Terminal terminal = new Terminal(spec.commandLine().getOut());
    ExperimentProgress progress = new ExperimentProgress(terminal, settings.cells());
    Model loaded = ExperimentModel.load(model, machine.device(), terminal);
    try (AutoCloseableModel closing = new AutoCloseableModel(loaded);
        ImageFiles files = ImageFiles.open(data, "")) {
      DataSet images = DataSet.read(name(data), files, naming.naming());
      progress.begin(images, loaded);
      try (Experiment experiment =
          new Experiment(
              loaded,
              images,
              files,
              settings,
              new Experiment.Folders(machine.cache(), out.resolve("cells")),
              progress)) {
        Experiment.Outcome outcome = experiment.run();
        Reports.write(
            out,
            new Summary(
                images.name(),
                images.digest(),
                images.training().size(),
                images.test().size(),
                loaded.clip().id(),
                loaded.arithmetic(),
                images.classes(),
                settings,
                outcome.cells(),
                outcome.failures(),
                outcome.unreadable()));
        progress.end(outcome, out);
        return outcome.failures().isEmpty() ? 0 : 1;
      }
    }
  }

  private Settings settings() {
    // Not for picocli to require: it would ask the same of every subcommand.
    if (data == null || out == null) {
      throw usage("Missing required options: --data and --out");
    }
    if (pool < 1 || test < 0 || labelsPerClass < 1) {
      throw usage("--pool, --test and --labels-per-class: expected how many images");
    }
    if (!(unseenShare > 0 && unseenShare < 1)) {
      throw usage("--unseen-share: expected a share of the classes, between 0 and 1");
    }
    if (paradigms.contains(Paradigm.AUTO)) {
      throw usage("--paradigm: expected ul, ssl or trzsl");
    }
    for (List<?> list : List.of(paradigms, modalities, strategies, seeds)) {
      if (new LinkedHashSet<>(list).size() < list.size()) {
        throw usage("the grid would have a cell twice: " + list);
      }
    }
    try {
      return new Settings(
          paradigms,
          modalities,
          strategies,
          seeds,
          pool,
          test,
          labelsPerClass,
          unseenShare,
          naming.template(),
          training.training(),
          gate);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The file's name without what tells its kind. */
  private static String name(Path source) {
    String name = source.toAbsolutePath().normalize().getFileName().toString();
    return name.toLowerCase(java.util.Locale.ROOT).endsWith(".zip")
        ? name.substring(0, name.length() - 4)
        : name;
  }

  /** Closes a model after all that uses it. */
  private record AutoCloseableModel(Model model) implements AutoCloseable {
    @Override
    public void close() {
      model.clip().close();
    }
  }
}
