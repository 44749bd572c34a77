package io.gripstream.workshop.experiment;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.TaskDefinition;
import io.gripstream.files.ImageFiles;
import io.gripstream.refine.ImageSource;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.Refinement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Runs a grid of cells over a data set. What is finished stays finished: a cell that was run before
 * with the same data, model, code and settings is read from its file, and no image is encoded
 * twice. One thread at a time.
 */
public final class Experiment implements AutoCloseable {
  private final Model model;
  private final DataSet data;
  private final Settings settings;
  private final CellStore store;
  private final FeatureStore cache;
  private final Features features;
  private final TestImages judge;
  private final Refinement refinement;
  private final Listener listener;
  private final String code;
  private final Map<Long, Figures> bounds = new HashMap<>();

  /** Hears what happens. */
  public interface Listener {
    /** Images are being encoded. */
    void encoding(int done, int total);

    /**
     * A cell runs.
     *
     * @param index of the cell, from 0
     * @param round from 1
     * @param done of this cell, from 0 to 1
     */
    void running(int index, Cell cell, int round, double done);

    /**
     * @param known whether it had been finished before
     */
    void finished(int index, CellResult result, boolean known);

    /** A cell cannot be run; the others are. */
    void failed(int index, Cell cell, RuntimeException failure);
  }

  /** Where an experiment keeps what it need not do again. */
  public record Folders(Path cache, Path cells) {}

  /**
   * @param files of the data set; the caller's to close, afterwards
   */
  public Experiment(
      Model model,
      DataSet data,
      ImageFiles files,
      Settings settings,
      Folders folders,
      Listener listener)
      throws IOException {
    this(
        model,
        data,
        files,
        settings,
        folders,
        listener,
        images -> new PromptRefinement(model.clip(), images));
  }

  Experiment(
      Model model,
      DataSet data,
      ImageFiles files,
      Settings settings,
      Folders folders,
      Listener listener,
      Function<ImageSource, Refinement> refinement)
      throws IOException {
    this.model = model;
    this.data = data;
    this.settings = settings;
    this.listener = listener;
    this.code = CodeDigest.of();
    this.store = new CellStore(folders.cells());
    Pixels pixels = new Pixels(files, model.clip().preprocessing(), settings.corruption());
    this.refinement = refinement.apply(pixels);
    this.judge = new TestImages(model, pixels);
    this.cache =
        new FeatureStore(
            folders.cache().resolve(cacheName(model, settings.corruption())),
            model.clip().featureSize());
    this.features = new Features(model.clip(), cache, pixels, listener::encoding);
  }

  /**
   * A model sees an image that is spoiled as another one: each corruption has a file of its own.
   */
  static String cacheName(Model model, Corruption corruption) {
    String name = (model.clip().id() + "-" + model.arithmetic()).replaceAll("[^\\w.@-]", "_");
    return corruption == Corruption.ASIS
        ? name + ".features"
        : name + "-" + corruption.name().toLowerCase(Locale.ROOT) + ".features";
  }

  /**
   * @param cells results in the grid's order, without those that failed
   * @param failures in the grid's order
   * @param found images whose features the cache had
   * @param encoded images that were encoded
   * @param unreadable why images were left out, by their paths
   */
  public record Outcome(
      List<CellResult> cells,
      List<Failure> failures,
      long found,
      long encoded,
      Map<String, String> unreadable) {}

  /** A cell that could not be run. */
  public record Failure(Cell cell, String reason) {}

  public Outcome run() throws IOException, InterruptedException {
    List<Cell> cells = settings.cells();
    List<CellResult> results = new ArrayList<>();
    List<Failure> failures = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      String determinedBy = determinedBy(cell);
      Optional<CellResult> known = store.find(determinedBy);
      try {
        CellResult result = known.isPresent() ? known.get() : run(i, cell);
        if (known.isEmpty()) {
          store.put(determinedBy, result);
        }
        results.add(result);
        listener.finished(i, result, known.isPresent());
      } catch (ExperimentException | IllegalArgumentException e) {
        // Settings that do not fit this cell, such as a pool too small for it.
        failures.add(new Failure(cell, String.valueOf(e.getMessage())));
        listener.failed(i, cell, e);
      }
    }
    Map<String, String> unreadable = new TreeMap<>(features.unreadable());
    data.tooLarge().forEach(id -> unreadable.put(id, "is too large"));
    return new Outcome(
        List.copyOf(results),
        List.copyOf(failures),
        features.found(),
        features.encoded(),
        unreadable);
  }

  private CellResult run(int index, Cell cell) throws IOException, InterruptedException {
    Split split = Split.of(data, settings.pool(), settings.test(), cell.seed(), settings.mix());
    Features.Encoded pool = features.of(split.pool());
    Features.Encoded test = features.of(split.test());
    requireEveryClass("pool", pool, cell.seed());
    requireEveryClass("test", test, cell.seed());
    Figures bound = null;
    if (settings.bound()) {
      bound = bounds.get(cell.seed());
      if (bound == null) {
        bound = bound(pool, test, cell.seed());
        bounds.put(cell.seed(), bound);
      }
    }
    int rounds = settings.rounds(cell);
    return new CellRun(settings, cell, data.classes(), pool, test, refinement, judge, bound)
        .run(
            (round, done) ->
                listener.running(index, cell, round, Math.min(1, (round - 1 + done) / rounds)));
  }

  /** What a linear head reaches that is told the truth of every pool image. */
  private Figures bound(Features.Encoded pool, Features.Encoded test, long seed) {
    int n = pool.pictures().size();
    int c = data.classes().size();
    float[] targets = new float[n * c];
    for (int i = 0; i < n; i++) {
      targets[i * c + pool.pictures().get(i).label()] = 1;
    }
    double[] importance = new double[n];
    Arrays.fill(importance, 1);
    LinearHead head =
        LinearHead.train(pool.values(), FloatTensor.matrix(n, c, targets), importance, seed);
    return Figures.of(head.predictions(test.values()), test.labels(), new boolean[c]);
  }

  private void requireEveryClass(String side, Features.Encoded images, long seed) {
    double[] shares = settings.mix().shares(data.classes().size(), seed);
    int[] counts = new int[data.classes().size()];
    images.pictures().forEach(picture -> counts[picture.label()]++);
    for (int j = 0; j < counts.length; j++) {
      if (counts[j] == 0 && (shares == null || shares[j] > 0)) {
        throw new ExperimentException(
            "class %s has no readable image among the %d of the %s"
                .formatted(data.classes().get(j), images.pictures().size(), side));
      }
    }
  }

  /** Everything that a cell's result depends on, a line each. */
  private String determinedBy(Cell cell) {
    TaskDefinition definition = settings.definition(cell, data.classes());
    return String.join(
        "\n",
        "data " + data.name() + " " + data.digest(),
        "model " + model.clip().id() + " " + model.arithmetic(),
        "code " + code,
        "definition " + definition,
        "gate " + settings.gate(),
        "mix " + settings.mix(),
        "corruption " + settings.corruption(),
        "bound " + settings.bound(),
        "pool " + settings.pool(),
        "test " + settings.test(),
        "labels per class " + settings.labelsPerClass(),
        "unseen share " + settings.unseenShare(),
        "seed " + cell.seed());
  }

  @Override
  public void close() throws IOException {
    judge.close();
    cache.close();
  }
}
