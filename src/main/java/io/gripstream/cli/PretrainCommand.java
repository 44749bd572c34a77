package io.gripstream.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the embedded model again from nothing. */
@Command(
    name = "pretrain",
    description = "Trains the embedded model, pico, again: from seeded noise, on rendered images.")
final class PretrainCommand implements Callable<Integer> {
  @Option(
      names = "--fonts",
      paramLabel = "DIR",
      defaultValue = "/usr/share/fonts",
      description = "Typefaces to draw letters and digits with. Default: ${DEFAULT-VALUE}.")
  private Path fonts;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "pico",
      description = "Where the model is written, in the Hugging Face layout.")
  private Path out;

  @Option(names = "--seed", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--time",
      defaultValue = "1h",
      description = "How long to train, such as 10m. Default: ${DEFAULT-VALUE}.")
  private Duration time;

  @Option(
      names = "--batch-size",
      defaultValue = "128",
      description = "Pairs of image and caption in a step. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Override
  public Integer call() {
    throw new CommandFailure("pretraining is not in this build");
  }
}
