package io.gripstream.workshop;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where an experiment computes, and where it keeps what it need not compute again. */
final class MachineOptions {
  @Option(
      names = "--device",
      defaultValue = "auto",
      paramLabel = "NAME",
      description = "auto, cpu, cuda, cuda:n. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--cache",
      defaultValue = "data/experiments-cache",
      paramLabel = "DIR",
      description = "Where image features are kept. Default: ${DEFAULT-VALUE}.")
  private Path cache;

  String device() {
    return device;
  }

  Path cache() {
    return cache;
  }
}
