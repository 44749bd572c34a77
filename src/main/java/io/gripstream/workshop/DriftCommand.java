package io.gripstream.workshop;

import io.gripstream.cli.Terminal;
import io.gripstream.event.GateLimits;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.event.Trigger;
import io.gripstream.files.ImageFiles;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.judge.Gate;
import io.gripstream.task.TaskRules;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Model;
import io.gripstream.workshop.experiment.Part;
import io.gripstream.workshop.experiment.PartStream;
import io.gripstream.workshop.experiment.Shown;
import io.gripstream.workshop.experiment.drift.Contender;
import io.gripstream.workshop.experiment.drift.DriftRun;
import io.gripstream.workshop.experiment.drift.DriftSummary;
import io.gripstream.workshop.experiment.drift.Fixed;
import io.gripstream.workshop.experiment.drift.Frozen;
import io.gripstream.workshop.experiment.drift.Play;
import io.gripstream.workshop.experiment.report.DriftReports;
import io.gripstream.workshop.experiment.report.DriftTables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What labels are worth over a stream that changes. */
@Command(
    name = "drift",
    description = {
      "Plays a data set as a stream that changes, through the service's own rounds, gate and drift"
          + " rules, and writes accuracy over time: zero-shot, the first prompt that was promoted"
          + " kept for ever, GRIP as in the paper (no gate, no drift rules), and Gripstream.",
      "Each image is labeled by the prompt that is live when it comes. A round runs at once when it"
          + " is due; the stream waits for it."
    })
final class DriftCommand implements Callable<Integer> {
  private static final String PARTS =
      "asis:1500,grey:1500,asis+grey:1500,noisy/zipf:1000,asis/few:1000,asis/oneatatime:1500";

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FOLDER|ZIP",
      description = "The images; the folder that one lies in names its class.")
  private Path data;

  @Option(
      names = "--parts",
      defaultValue = PARTS,
      paramLabel = "PARTS",
      description = {
        "CORRUPTION[+CORRUPTION][/MIX]:IMAGES, separated by commas. Corruptions: asis, blurred,"
            + " noisy, dark, grey; with several, each image is one of them. Mixes: uniform, zipf,"
            + " few, oneatatime.",
        "Default: ${DEFAULT-VALUE}."
      })
  private String parts;

  @Option(
      names = "--model",
      defaultValue = "pico",
      paramLabel = "NAME|DIR",
      description = "pico, a folder, or a name on a hub. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--strategy",
      paramLabel = "NAME",
      description = "Gripstream's. Default: the contract's.")
  private Strategy strategy;

  @Option(
      names = "--seeds",
      split = ",",
      defaultValue = "1",
      paramLabel = "N",
      splitSynopsisLabel = ",",
      description = "Of the stream and of prompts. Default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "A round is due after so many images. Default: the contract's.")
  private Integer samples;

  @Option(
      names = "--calibration",
      paramLabel = "N",
      description = "A calibration round is due after so many; 0: none. Default: the contract's.")
  private Integer calibration;

  @Option(
      names = "--pool",
      paramLabel = "N",
      description = "Images in the pool at most. Default: the contract's.")
  private Integer pool;

  @Mixin private NamingOptions naming;

  @Mixin private TrainingOptions training;

  @Mixin private MachineOptions machine;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where drift.csv, parts.csv, events.csv, drift.md and drift.html are written.")
  private Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Part> played;
    Training how;
    try {
      played = Part.parse(parts);
      how = training.training();
      new PromptTemplate(naming.template());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    requireCounts();
    Terminal terminal = new Terminal(spec.commandLine().getOut());
    Model loaded = ExperimentModel.load(model, machine.device(), terminal);
    try (ImageFiles files = ImageFiles.open(data, "")) {
      DataSet images = DataSet.read(data.getFileName().toString(), files, naming.naming());
      String what = "%s, %s".formatted(images.name(), loaded.clip().id());
      terminal.say(
          "%s: %d parts, %d images"
              .formatted(what, played.size(), played.stream().mapToInt(Part::images).sum()));
      List<DriftRun> runs = new ArrayList<>();
      for (long seed : seeds) {
        List<Shown> stream =
            PartStream.of(
                loaded,
                images,
                files,
                machine.cache(),
                played,
                seed,
                (done, total) -> say(terminal, "encoding images", done, total));
        runs.add(
            Play.run(
                seed,
                stream,
                contenders(loaded, images, Training.newBuilder(how).setSeed(seed).build()),
                (done, total) -> say(terminal, "seed " + seed, done, total)));
        DriftReports.write(out, DriftSummary.of(what, played, runs));
      }
      terminal.say("");
      terminal.say(DriftTables.markdown(DriftSummary.of(what, played, runs)));
      terminal.say("table    " + out.resolve("drift.csv"));
      terminal.say("report   " + out.resolve("drift.html"));
      return 0;
    } finally {
      loaded.clip().close();
    }
  }

  private List<Contender> contenders(Model loaded, DataSet images, Training how) {
    Refinement refinement = new PromptRefinement(loaded.clip(), ImageSource.NONE);
    TaskDefinition definition = definition(images.classes(), how);
    ServiceContender gripstream =
        new ServiceContender("Gripstream", refinement, definition, Gate::judge);
    ServiceContender paper =
        new ServiceContender(
            "GRIP, no gate",
            refinement,
            ungated(definition),
            (limits, evidence) -> new Gate.Verdict(Gate.Action.PROMOTE, "There is no gate."));
    return List.of(
        new Fixed("zero-shot", gripstream.live()), new Frozen(gripstream), paper, gripstream);
  }

  private TaskDefinition definition(List<String> of, Training how) {
    TaskDefinition.Builder builder =
        TaskDefinition.newBuilder().setClasses(of).setTemplate(naming.template()).setTraining(how);
    if (strategy != null) {
      builder.setStrategy(strategy);
    }
    Trigger.Builder trigger = Trigger.newBuilder();
    if (samples != null) {
      trigger.setSamples(samples);
    }
    if (calibration != null) {
      trigger.setCalibration(calibration);
    }
    builder.setTrigger(trigger.build());
    if (pool != null) {
      builder.setPool(PoolLimits.newBuilder().setSamples(pool).build());
    }
    TaskDefinition definition = builder.build();
    TaskRules.require("drift", definition);
    return definition;
  }

  /** GRIP in rounds as the paper has it: each candidate goes live, and nothing judges it. */
  private static TaskDefinition ungated(TaskDefinition definition) {
    return TaskDefinition.newBuilder(definition)
        .setStrategy(Strategy.GRIP)
        .setTrigger(
            Trigger.newBuilder(definition.getTrigger()).setCalibration(0).setDrift(false).build())
        .setGate(GateLimits.newBuilder(definition.getGate()).setHeldOutShare(0).build())
        .build();
  }

  private static void say(Terminal terminal, String what, int done, int total) {
    if (terminal.due()) {
      terminal.progress("%s: %d of %d".formatted(what, done, total));
    }
  }

  private void requireCounts() {
    if (samples != null && samples < 1
        || pool != null && pool < 1
        || calibration != null && calibration < 0) {
      throw new ParameterException(
          spec.commandLine(), "--samples, --pool and --calibration: expected how many images");
    }
    if (new HashSet<>(seeds).size() < seeds.size()) {
      throw new ParameterException(spec.commandLine(), "a seed twice: " + seeds);
    }
  }
}
