package io.gripstream.workshop;

import io.gripstream.cli.Failures;
import io.gripstream.cli.Terminal;
import io.gripstream.workshop.experiment.Cell;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.suite.Condition;
import io.gripstream.workshop.experiment.suite.Suite;
import io.gripstream.workshop.experiment.suite.SuiteRow;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Tells of a suite: a line for each cell that is done, and progress in between. */
final class SuiteProgress implements Suite.Listener {
  private final Terminal terminal;
  private final Rows rows;

  /** Takes the rows that are finished. */
  @FunctionalInterface
  interface Rows {
    void accept(List<SuiteRow> soFar) throws IOException;
  }

  SuiteProgress(Terminal terminal, Rows rows) {
    this.terminal = terminal;
    this.rows = rows;
  }

  @Override
  public void read(DataSet data) {
    terminal.say(
        "%s: %d images of %d classes"
            .formatted(
                data.name(), data.training().size() + data.test().size(), data.classes().size()));
  }

  @Override
  public void finished(List<SuiteRow> soFar) throws IOException {
    rows.accept(soFar);
  }

  @Override
  public Experiment.Listener begin(Condition condition, boolean gate, int before, int total) {
    String where = condition.title() + (gate ? " gated" : "");
    return new Experiment.Listener() {
      @Override
      public void encoding(int done, int all) {
        if (terminal.isWatched() && terminal.due()) {
          terminal.progress("%s: encoding images: %d of %d".formatted(where, done, all));
        }
      }

      @Override
      public void running(int index, Cell cell, int round, double done) {
        if (terminal.isWatched() && terminal.due()) {
          terminal.progress(
              "%d/%d  %s %s, seed %d, round %d"
                  .formatted(before + index, total, where, cell.strategy(), cell.seed(), round));
        }
      }

      @Override
      public void finished(int index, CellResult result, boolean known) {
        terminal.say(
            String.format(
                Locale.ROOT,
                "%d/%d  %s %s, seed %d: %.1f %% after %.1f %% zero-shot%s",
                before + index + 1,
                total,
                where,
                result.cell().strategy(),
                result.cell().seed(),
                100 * result.last().figures().accuracy(),
                100 * result.zeroShot().accuracy(),
                known
                    ? " (known)"
                    : String.format(Locale.ROOT, " (%.0f s)", result.timing().seconds())));
      }

      @Override
      public void failed(int index, Cell cell, RuntimeException failure) {
        terminal.say(
            "%d/%d  %s %s, seed %d: failed: %s"
                .formatted(
                    before + index + 1,
                    total,
                    where,
                    cell.strategy(),
                    cell.seed(),
                    Failures.sentence(failure)));
      }
    };
  }
}
