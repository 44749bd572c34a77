package io.gripstream.cli;

import io.gripstream.model.FetchProgress;

/** Tells on the terminal how far a model is fetched. */
public final class FetchLine implements FetchProgress {
  private static final double MEGABYTE = 1e6;

  private final Terminal terminal;

  public FetchLine(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public void received(String file, long bytes, long total) {
    if (terminal.due()) {
      terminal.progress(
          total < 0
              ? "%s: %.1f MB".formatted(file, bytes / MEGABYTE)
              : "%s: %.1f of %.1f MB, %.0f %%"
                  .formatted(
                      file,
                      bytes / MEGABYTE,
                      total / MEGABYTE,
                      100.0 * bytes / Math.max(1, total)));
    }
  }

  @Override
  public void note(String line) {
    terminal.say(line);
  }

  void end() {
    terminal.say("done");
  }
}
