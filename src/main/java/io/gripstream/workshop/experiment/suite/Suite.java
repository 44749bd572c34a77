package io.gripstream.workshop.experiment.suite;

import io.gripstream.files.ImageFiles;
import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs an experiment for each condition, without the gate and with it. What is finished stays
 * finished, as an experiment's cells do; a data set is read once, a model is loaded once, and an
 * image is encoded once for each model and corruption.
 */
public final class Suite {
  private final SuiteFile sources;
  private final SuiteSettings settings;
  private final Experiment.Folders folders;
  private final Models models;
  private final Listener listener;

  /** Loads models. */
  @FunctionalInterface
  public interface Models {
    /**
     * @return the suite's to close
     */
    Model load(SuiteFile.ModelSource source) throws IOException;
  }

  /** Hears what happens. */
  public interface Listener {
    /** A data set was read. */
    void read(DataSet data);

    /**
     * An experiment begins.
     *
     * @param gate whether the gate decides in it
     * @param before cells that came before, of all
     * @param total cells in all
     * @return hears of this experiment
     */
    Experiment.Listener begin(Condition condition, boolean gate, int before, int total);

    /** A condition is done. */
    void finished(List<SuiteRow> soFar) throws IOException;
  }

  public Suite(
      SuiteFile sources,
      SuiteSettings settings,
      Experiment.Folders folders,
      Models models,
      Listener listener) {
    this.sources = sources;
    this.settings = settings;
    this.folders = folders;
    this.models = models;
    this.listener = listener;
  }

  /** How many cells there are, with the gate and without. */
  public int cells() {
    return sources.models().size()
        * sources.sets().size()
        * settings.corruptions().size()
        * settings.mixes().size()
        * settings.cellsOfACondition();
  }

  public List<SuiteRow> run() throws IOException, InterruptedException {
    List<SuiteRow> rows = new ArrayList<>();
    Map<String, DataSet> known = new HashMap<>();
    for (SuiteFile.ModelSource source : sources.models()) {
      Model model = models.load(source);
      try {
        for (SuiteFile.Source set : sources.sets()) {
          try (ImageFiles files = ImageFiles.open(set.path(), "")) {
            if (!known.containsKey(set.name())) {
              known.put(set.name(), DataSet.read(set.name(), files, set.naming()));
              listener.read(known.get(set.name()));
            }
            for (Corruption corruption : settings.corruptions()) {
              for (ClassMix mix : settings.mixes()) {
                Condition condition = new Condition(set.name(), source.name(), mix, corruption);
                rows.add(row(condition, known.get(set.name()), set.template(), files, model, rows));
                listener.finished(List.copyOf(rows));
              }
            }
          }
        }
      } finally {
        model.clip().close();
      }
    }
    return List.copyOf(rows);
  }

  private SuiteRow row(
      Condition condition,
      DataSet data,
      String template,
      ImageFiles files,
      Model model,
      List<SuiteRow> before)
      throws IOException, InterruptedException {
    List<Experiment.Outcome> outcomes = new ArrayList<>();
    for (boolean gate : new boolean[] {false, true}) {
      int cells = before.size() * settings.cellsOfACondition();
      int done = cells + (gate ? settings.cellsOfACondition() / 2 : 0);
      try (Experiment experiment =
          new Experiment(
              model,
              data,
              files,
              settings.experiment(condition, template, gate),
              folders,
              listener.begin(condition, gate, done, cells()))) {
        outcomes.add(experiment.run());
      }
    }
    List<Experiment.Failure> failures = new ArrayList<>(outcomes.get(0).failures());
    failures.addAll(outcomes.get(1).failures());
    return new SuiteRow(
        condition,
        data.classes().size(),
        outcomes.get(0).cells(),
        outcomes.get(1).cells(),
        List.copyOf(failures));
  }
}
