package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.model.HubAccess;
import io.gripstream.model.HubModel;
import io.gripstream.model.ModelHub;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Fetches a model of a hub into the cache of the data directory. */
@Command(
    name = "fetch-model",
    description = {
      "Fetches a CLIP from a hub into the data directory, checks it, and tells its digests."
          + " serve --model NAME does so too, when it has to.",
      "After a broken connection the next call continues."
    })
public final class FetchModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OWNER/NAME",
      description = "Such as openai/clip-vit-base-patch32; with @REVISION, that revision of it.")
  private String name;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data directory of the service. Default: data.")
  private Path data;

  @Option(
      names = "--hub",
      paramLabel = "URL",
      description = "The hub, or a mirror with the same paths. Default: https://huggingface.co.")
  private URI hub;

  @Option(
      names = "--revision",
      paramLabel = "NAME",
      description = "A branch, tag or commit. Default: " + HubModel.DEFAULT_REVISION + ".")
  private String revision;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "What the weights must have; others are refused. Default: any.")
  private String sha256;

  @Override
  public Integer call() throws IOException {
    GripstreamConfig config = Settings.load();
    PrintWriter out = spec.commandLine().getOut();
    FetchLine progress = new FetchLine(new Terminal(out));
    HubModel model;
    ModelHub source;
    Optional<String> pin;
    try {
      model = model();
      source =
          new ModelHub(
              HubAccess.of(
                  Optional.ofNullable(hub).or(config.modelHub()::url), false, System.getenv()),
              progress);
      pin = Optional.ofNullable(sha256).or(config::modelSha256).map(ModelHub::digest);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    Path directory = data == null ? config.dataDirectory() : data;
    ModelHub.Fetched fetched = source.fetch(model, directory.resolve("models"), pin);
    progress.end();
    for (ModelHub.FetchedFile file : fetched.files()) {
      out.printf("%-18s %,14d bytes  sha256 %s%n", file.name(), file.size(), file.sha256());
    }
    out.printf("folder             %s%n", fetched.folder());
    out.printf("model id           %s%n", fetched.id());
    out.flush();
    return 0;
  }

  private HubModel model() {
    HubModel given =
        HubModel.parse(name)
            .orElseThrow(
                () -> new IllegalArgumentException("expected a name on a hub, owner/name"));
    if (revision == null) {
      return given;
    }
    if (name.contains("@")) {
      throw new IllegalArgumentException("either NAME@REVISION or --revision");
    }
    return new HubModel(given.owner(), given.name(), revision);
  }
}
