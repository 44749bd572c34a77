package io.gripstream.workshop;

import io.gripstream.cli.Durations;
import io.gripstream.cli.Failures;
import io.gripstream.cli.Terminal;
import io.gripstream.workshop.experiment.Cell;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Model;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tells of an experiment: a bar where a person watches, and a line for each cell that is done. */
final class ExperimentProgress implements Experiment.Listener {
  private static final int BAR = 20;
  private static final int MOST_NAMED = 20;

  private final Terminal terminal;
  private final List<Cell> cells;
  private final long started = System.nanoTime();

  /** Cells that this process ran or runs; those known before say nothing about time. */
  private int known;

  ExperimentProgress(Terminal terminal, List<Cell> cells) {
    this.terminal = terminal;
    this.cells = cells;
  }

  void begin(DataSet images, Model model) {
    terminal.say(
        "%s: %d images of %d classes%s; %s, %d cells"
            .formatted(
                images.name(),
                images.training().size() + images.test().size(),
                images.classes().size(),
                images.test().isEmpty() ? "" : ", %d for the test".formatted(images.test().size()),
                model.clip().id(),
                cells.size()));
  }

  @Override
  public void encoding(int done, int total) {
    if (terminal.isWatched() && terminal.due()) {
      terminal.progress("encoding images: %d of %d".formatted(done, total));
    }
  }

  @Override
  public void running(int index, Cell cell, int round, double done) {
    if (terminal.isWatched() && terminal.due()) {
      double all = (index + done) / cells.size();
      int full = (int) (all * BAR);
      terminal.progress(
          "[%s%s] %d/%d  %s, round %d%s"
              .formatted(
                  "#".repeat(full),
                  "-".repeat(BAR - full),
                  index,
                  cells.size(),
                  cell.title(),
                  round,
                  left(index, done)));
    }
  }

  /** Time left, as far as the time so far tells. */
  private String left(int index, double done) {
    double here = index - known + done;
    if (here <= 0) {
      return "";
    }
    double seconds = (System.nanoTime() - started) / 1e9 * (cells.size() - index - done) / here;
    return ", %s left".formatted(Durations.format(Duration.ofSeconds(Math.round(seconds))));
  }

  @Override
  public void finished(int index, CellResult result, boolean before) {
    known += before ? 1 : 0;
    terminal.say(
        String.format(
            Locale.ROOT,
            "%d/%d  %s: %.1f %% after %.1f %% zero-shot%s%s",
            index + 1,
            cells.size(),
            result.cell().title(),
            100 * result.last().figures().headline(),
            100 * result.zeroShot().headline(),
            result.linearHead() == null
                ? ""
                : String.format(
                    Locale.ROOT, ", linear head %.1f %%", 100 * result.linearHead().headline()),
            before
                ? " (known)"
                : String.format(Locale.ROOT, " (%.0f s)", result.timing().seconds())));
  }

  @Override
  public void failed(int index, Cell cell, RuntimeException failure) {
    terminal.say(
        "%d/%d  %s: failed: %s"
            .formatted(index + 1, cells.size(), cell.title(), Failures.sentence(failure)));
  }

  void end(Experiment.Outcome outcome, Path out) {
    terminal.say(
        "images: %d encoded, %d known before".formatted(outcome.encoded(), outcome.found()));
    if (!outcome.unreadable().isEmpty()) {
      terminal.say("%d images left out:".formatted(outcome.unreadable().size()));
      outcome.unreadable().entrySet().stream()
          .limit(MOST_NAMED)
          .map(ExperimentProgress::reason)
          .forEach(terminal::say);
      if (outcome.unreadable().size() > MOST_NAMED) {
        terminal.say("  and so on; results.json names all");
      }
    }
    terminal.say("results  " + out.resolve("results.csv"));
    terminal.say("report   " + out.resolve("report.html"));
  }

  private static String reason(Map.Entry<String, String> left) {
    return "  %s: %s".formatted(left.getKey(), left.getValue());
  }
}
