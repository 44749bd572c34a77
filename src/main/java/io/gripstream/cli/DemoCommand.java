package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.access.KeyRole;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Everything in one process: broker, service and a stream of sample images. */
@Command(
    name = "demo",
    description = {
      "Shows the whole circle: a broker, the service and a stream of sample images in this"
          + " process.",
      "Open the page that it names, and watch the prompts improve."
    })
public final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServiceOptions service;

  @Option(
      names = "--stream",
      defaultValue = "digits",
      paramLabel = "NAME",
      description = "Which sample images: digits or shapes. Default: ${DEFAULT-VALUE}.")
  private String stream;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      description = "End after this time, such as 5m. Default: when you press Ctrl-C.")
  private Duration time;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write what was measured, as JSON. Needs --for.")
  private Path report;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "20",
      description = "Images a second. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(names = "--verbose", description = "Show the service's log here, too.")
  private boolean verbose;

  @Override
  public Integer call() throws IOException {
    if (rate <= 0) {
      throw new ParameterException(spec.commandLine(), "--rate: expected images a second, above 0");
    }
    if (report != null && time == null) {
      throw new ParameterException(
          spec.commandLine(), "--report needs --for: a demo without end has no report");
    }
    SampleStream samples = samples();
    GripstreamConfig given = Settings.load();
    if (service.data == null && !given.dataDirectory().equals(Path.of("data"))) {
      service.data = given.dataDirectory();
    }
    if (service.data == null) {
      service.data = Files.createTempDirectory("gripstream-demo-");
      Path temporary = service.data;
      Companions.closeLast(() -> delete(temporary));
    }
    // A demo must not fail because something else runs here; a port that was asked for must.
    if (service.port == null && given.http().port() != ServiceOptions.PORT) {
      service.port = given.http().port();
    }
    if (service.port == null) {
      service.port = Ports.freeOr(ServiceOptions.PORT);
    } else {
      Ports.requireFree(service.port, "--port", "none for any free one");
    }
    service.apply();
    Settings.set(
        "gripstream.roles",
        ServiceOptions.names(java.util.EnumSet.allOf(GripstreamConfig.Role.class)));
    requireKey(Settings.load());
    Path log = service.data.toAbsolutePath().resolve("gripstream.log");
    Settings.set("quarkus.log.file.enabled", true);
    Settings.set("quarkus.log.file.path", log);
    if (!verbose) {
      Settings.set("quarkus.log.console.level", "ERROR");
    }
    Terminal terminal = new Terminal(spec.commandLine().getOut());
    GripstreamConfig config =
        ServiceProcess.prepare(
            service.brokerPort == null
                ? Ports.freeOr(ServiceOptions.BROKER_PORT)
                : service.brokerPort,
            terminal);

    URI gateway = URI.create("http://localhost:" + config.http().port());
    terminal.say("page     " + gateway);
    terminal.say("brokers  " + config.kafka().bootstrapServers().orElseThrow());
    terminal.say("log      " + log);
    DemoRun run =
        new DemoRun(
            config, gateway, stream, samples, new DemoRun.Plan(rate, time, report), terminal);
    Companions.closeFirst(run);
    run.start();
    ServiceProcess.run();
    return 0;
  }

  /** The stream's side of the demo asks the service as anybody else does. */
  private static void requireKey(GripstreamConfig config) {
    if (config.access().keys().isPresent()
        && config
            .key()
            .flatMap(Preflight.access(config)::find)
            .filter(key -> key.role() == KeyRole.OPERATOR)
            .isEmpty()) {
      throw new CommandFailure("gripstream.key must be an operator's of gripstream.access.keys");
    }
  }

  private SampleStream samples() {
    try {
      return SampleStreams.byName(stream);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--stream: " + e.getMessage(), e);
    }
  }

  private static void delete(Path directory) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(directory)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
