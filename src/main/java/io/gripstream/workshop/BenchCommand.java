package io.gripstream.workshop;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.GripstreamConfig;
import io.gripstream.cli.FetchLine;
import io.gripstream.cli.Settings;
import io.gripstream.cli.Terminal;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.SafeTensors;
import io.gripstream.model.HubAccess;
import io.gripstream.model.ModelFolder;
import io.gripstream.model.ModelHub;
import io.gripstream.workshop.bench.Benchmark;
import io.gripstream.workshop.bench.Benchmarks;
import io.gripstream.workshop.bench.Figure;
import io.gripstream.workshop.bench.Models;
import io.gripstream.workshop.bench.Photographs;
import io.gripstream.workshop.bench.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures what the parts cost. */
@Command(
    name = "bench",
    description = {
      "Measures what the parts cost, each beside what it is compared to, in one run. Medians.",
      "encode, decode, label, refine, swap and tasks are run unless some are named; soak only if it"
          + " is, or with --short."
    })
public final class BenchCommand implements Callable<Integer> {
  private static final String SOAK = "soak";
  private static final String DRAWN = "vit-b-32";
  private static final Duration A_STRETCH = Duration.ofSeconds(5);
  private static final Duration A_MOMENT = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..*",
      description = "encode, decode, label, refine, swap, tasks, soak.")
  private List<String> names = List.of();

  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      description =
          "The large model. Default: one of ViT-B/32's sizes with random weights, drawn once.")
  private String model;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto (default), cpu, cuda or cuda:n.")
  private String device;

  @Option(
      names = "--photos",
      paramLabel = "FOLDER|ZIP",
      description = "Photographs to label. Default: images of their size, drawn.")
  private Path photos;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each side is measured. Default: ${DEFAULT-VALUE}.")
  private int runs;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      description = "How long each stretch of a stream lasts, or a soak. Default: 5s.")
  private Duration time;

  @Option(
      names = "--short",
      description =
          "Every benchmark's lines within minutes, soak's too: once each, for a second unless"
              + " --for says otherwise. Rough.")
  private boolean brief;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where the drawn model is kept, and the broker's log for the time being.")
  private Path data;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures as JSON, too.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    if (brief) {
      runs = 1;
    }
    if (time == null) {
      time = brief ? A_MOMENT : A_STRETCH;
    }
    Map<String, Benchmark> chosen = chosen();
    if (runs < 1) {
      throw new ParameterException(spec.commandLine(), "--runs: expected at least 1");
    }
    GripstreamConfig config =
        Settings.load(
            data == null ? Map.of() : Map.of("gripstream.data-directory", data.toString()));
    Path home = config.dataDirectory().resolve("bench");
    Files.createDirectories(home);
    Path work = Files.createTempDirectory(home, "run-");
    PrintWriter out = spec.commandLine().getOut();
    Terminal terminal = new Terminal(spec.commandLine().getErr());
    List<Figure> figures = new ArrayList<>();
    ModelHub hub =
        new ModelHub(
            HubAccess.of(config.modelHub().url(), config.modelHub().offline(), System.getenv()),
            new FetchLine(terminal));
    try (Models models =
        new Models(
            folder(config, large(home, terminal), hub),
            folder(config, "pico", hub),
            ComputeDevice.of(device, config.precision()))) {
      List<byte[]> photographs =
          photos == null ? Photographs.drawn() : Photographs.of(photos, config.images().maxBytes());
      for (Map.Entry<String, Benchmark> entry : chosen.entrySet()) {
        Path place = Files.createDirectory(work.resolve(entry.getKey()));
        Setting setting =
            new Setting(
                config,
                place,
                models,
                photographs,
                runs,
                time.toMillis() / 1e3,
                brief,
                terminal::say);
        terminal.say(entry.getKey() + " ...");
        for (Figure figure : entry.getValue().run(setting)) {
          figures.add(figure);
          out.println(line(figure));
          out.flush();
        }
        remove(place);
      }
    } finally {
      remove(work);
    }
    if (json != null) {
      new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(json.toFile(), figures);
    }
    return 0;
  }

  private Map<String, Benchmark> chosen() {
    Map<String, Benchmark> all = Benchmarks.all();
    Set<String> wanted = new LinkedHashSet<>(names);
    if (!all.keySet().containsAll(wanted)) {
      wanted.removeAll(all.keySet());
      throw new ParameterException(
          spec.commandLine(), "there is no benchmark %s, only %s".formatted(wanted, all.keySet()));
    }
    all.keySet()
        .removeIf(name -> wanted.isEmpty() ? !brief && name.equals(SOAK) : !wanted.contains(name));
    return all;
  }

  private String large(Path home, Terminal terminal) throws IOException {
    if (model != null) {
      return model;
    }
    Path folder = home.resolve(DRAWN);
    if (!Files.exists(folder)) {
      terminal.say("drawing a model of ViT-B/32's sizes, once, in " + folder);
      Path half = Files.createTempDirectory(home, DRAWN);
      DrawnModel.write(half, DrawnModel.Shapes.VIT_B_32.config(), 1, SafeTensors.Type.F32);
      Files.move(half, folder);
    }
    return folder.toString();
  }

  private static ModelFolder folder(GripstreamConfig config, String name, ModelHub hub)
      throws IOException {
    return ModelFolder.of(
        name, config.dataDirectory().resolve("models"), hub, java.util.Optional.empty());
  }

  private static String line(Figure figure) {
    return String.format(
        Locale.ROOT,
        "%-22s %12.2f %-9s %6.2f x %-42s %12.2f",
        figure.name(),
        figure.value(),
        figure.unit(),
        figure.ratio(),
        figure.baseline(),
        figure.baselineValue());
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
