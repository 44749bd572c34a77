package io.gripstream.workshop;

import io.gripstream.cli.CommandFailure;
import io.gripstream.workshop.pico.Pretraining;
import io.gripstream.workshop.pico.world.Typefaces;
import io.gripstream.workshop.pico.world.World;
import java.awt.Font;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains the embedded model again from nothing. */
@Command(
    name = "pretrain",
    description = {
      "Trains the embedded model, pico, again: from seeded noise, on images that are rendered as it"
          + " goes.",
      "Takes about an hour on two cores. serve --model DIR uses what comes out."
    })
public final class PretrainCommand implements Callable<Integer> {
  private static final String TOKENIZER = "tokenizer.json";

  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "pico",
      description =
          "Where the model is written, in the Hugging Face layout. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--fonts",
      paramLabel = "DIR",
      defaultValue = "/usr/share/fonts",
      description = "Typefaces to draw letters and digits with. Default: ${DEFAULT-VALUE}.")
  private Path fonts;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "2800",
      description = "Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "256",
      description = "Pairs of image and caption in a step. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      defaultValue = "0.0015",
      description = "At its peak. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Override
  public Integer call() throws IOException {
    List<Font> typefaces = Files.isDirectory(fonts) ? Typefaces.load(fonts) : List.of();
    if (typefaces.size() < Typefaces.FEWEST) {
      throw new CommandFailure(
          "%d typefaces below %s, at least %d are needed: apt-get install --no-install-recommends %s"
              .formatted(
                  typefaces.size(), fonts, Typefaces.FEWEST, String.join(" ", Typefaces.PACKAGES)));
    }
    Files.createDirectories(out);
    Path tokenizer = out.resolve(TOKENIZER);
    try (InputStream shipped =
        PretrainCommand.class.getResourceAsStream("/models/pico/" + TOKENIZER)) {
      if (shipped == null) {
        throw new IllegalStateException("no tokenizer in this build");
      }
      Files.copy(shipped, tokenizer, StandardCopyOption.REPLACE_EXISTING);
    }
    PrintWriter log = spec.commandLine().getOut();
    new Pretraining(
            new World(seed, typefaces),
            new Pretraining.Options(out, tokenizer, seed, steps, batchSize, learningRate),
            line -> {
              log.println(line);
              log.flush();
            })
        .run();
    return 0;
  }
}
