package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.files.ImageFiles;
import io.gripstream.refine.PromptRefinement;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.workshop.experiment.report.Summary;
import io.gripstream.workshop.experiment.report.Tables;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small grids on the embedded model and drawn digits. */
class ExperimentTest {
  private static final int TRAINING = 160;
  private static final int TEST = 120;

  @TempDir private static Path data;
  @TempDir private static Path sharedCache;
  private static Model model;

  @TempDir private Path work;

  @BeforeAll
  static void drawDigits() throws IOException, URISyntaxException {
    model = Folders.model();
    Folders.digits(data, TRAINING, TEST);
  }

  @AfterAll
  static void close() {
    model.clip().close();
  }

  @Test
  void twoRunsFromNothingWriteTheSameTable() throws Exception {
    Run once = run("one", settings(Strategy.FPL, Strategy.GRIP), new Heard());
    Run again = run("other", settings(Strategy.FPL, Strategy.GRIP), new Heard());
    assertThat(again.table()).isEqualTo(once.table());
    assertThat(once.table().lines()).hasSize(1 + 4);
    assertThat(once.table().lines().skip(1))
        .allMatch(line -> line.startsWith("digits,pico@"))
        .noneMatch(line -> line.contains("NaN"));
    assertThat(once.outcome().encoded()).isEqualTo(TRAINING + TEST);
    assertThat(once.outcome().found()).isZero();
  }

  @Test
  void aSecondRunEncodesNothingAndRunsNothing() throws Exception {
    Run first = run("same", settings(Strategy.GRIP), new Heard());
    Heard heard = new Heard();
    Run second = run("same", settings(Strategy.GRIP), heard);
    assertThat(heard.known).isEqualTo(2);
    assertThat(second.outcome().encoded()).isZero();
    assertThat(second.table()).isEqualTo(first.table());

    Run other = run("same", settings(Strategy.IFPL), new Heard());
    assertThat(other.outcome().encoded()).isZero();
    assertThat(other.outcome().found()).isEqualTo(TRAINING + TEST);
  }

  @Test
  void anInterruptedRunGoesOnWhereItEndedAndWritesTheSameTable() throws Exception {
    String whole = run(data, sharedCache, "whole", settings(Strategy.GRIP), new Heard()).table();
    Heard interrupted =
        new Heard() {
          @Override
          public void running(int index, Cell cell, int round, double done) {
            if (index == 1 && round == 2) {
              throw new IllegalStateException("interrupted");
            }
          }
        };
    assertThatThrownBy(() -> run(data, sharedCache, "halves", settings(Strategy.GRIP), interrupted))
        .hasMessage("interrupted");
    assertThat(interrupted.finished).isEqualTo(1);

    Heard rest = new Heard();
    Run resumed = run(data, sharedCache, "halves", settings(Strategy.GRIP), rest);
    assertThat(rest.known).isEqualTo(1);
    assertThat(rest.finished).isEqualTo(2);
    assertThat(resumed.table()).isEqualTo(whole);
  }

  @Test
  void aHalfWrittenCellIsRunAgain() throws Exception {
    String table = run(data, sharedCache, "torn", settings(Strategy.FPL), new Heard()).table();
    try (Stream<Path> cells = Files.list(work.resolve("torn/cells"))) {
      for (Path cell : cells.toList()) {
        byte[] whole = Files.readAllBytes(cell);
        Files.write(cell, java.util.Arrays.copyOf(whole, whole.length / 2));
      }
    }
    Heard heard = new Heard();
    assertThat(run(data, sharedCache, "torn", settings(Strategy.FPL), heard).table())
        .isEqualTo(table);
    assertThat(heard.known).isZero();
  }

  @Test
  void figuresAreThereForEveryParadigm() throws Exception {
    Settings settings =
        new Settings(
            List.of(Paradigm.values()).subList(1, 4),
            List.of(Modality.TEXT),
            List.of(Strategy.GRIP),
            List.of(1L),
            TRAINING,
            60,
            2,
            0.38,
            Folders.DIGITS.template(),
            training(),
            true);
    List<CellResult> cells =
        run(data, sharedCache, "paradigms", settings, new Heard()).outcome().cells();
    assertThat(cells).hasSize(3);
    assertThat(cells).extracting(CellResult::test).containsOnly(60);
    CellResult unsupervised = cells.get(0);
    assertThat(unsupervised.humanLabels()).isZero();
    assertThat(unsupervised.rounds()).hasSize(2);
    assertThat(unsupervised.zeroShot().headline()).isBetween(0.2, 0.9);
    assertThat(unsupervised.last().pseudolabelAccuracy()).isBetween(0.2, 1.0);
    assertThat(unsupervised.last().verdict()).isNotBlank();
    assertThat(unsupervised.linearHead().accuracy()).isGreaterThan(0.3);
    assertThat(unsupervised.imageEncodings()).isZero();
    assertThat(cells.get(1).humanLabels()).isEqualTo(20);
    assertThat(cells.get(1).zeroShot().harmonicMean()).isNull();
    CellResult transductive = cells.get(2);
    assertThat(transductive.unseenClasses()).hasSize(4);
    assertThat(transductive.last().figures().harmonicMean()).isNotNull();
    assertThat(transductive.linearHead().harmonicMean()).isNotNull();
    assertThat(transductive.timing().peakResidentKibibytes()).isGreaterThan(1000L);
  }

  @Test
  void unreadableImagesAreNamedAndLeftOutUnlessAClassIsEmptyWithoutThem() throws Exception {
    Path own = work.resolve("own");
    Folders.digits(own, 60, 60);
    Folders.write(own, "train/one/broken.png", "no image at all");
    Run run = run(own, sharedCache, "broken", settings(Strategy.FPL), new Heard());
    assertThat(run.outcome().unreadable()).containsOnlyKeys("train/one/broken.png");
    assertThat(run.outcome().cells()).hasSize(2);

    Folders.write(own, "train/ten/broken.png", "no image either");
    Folders.write(own, "test/ten/broken.png", "nor this");
    Heard heard = new Heard();
    Run failed = run(own, sharedCache, "empty", settings(Strategy.FPL), heard);
    assertThat(failed.outcome().cells()).isEmpty();
    assertThat(failed.outcome().failures())
        .hasSize(2)
        .allMatch(failure -> failure.reason().contains("class ten"));
  }

  /** What came of a run. */
  private record Run(Experiment.Outcome outcome, String table) {}

  private Run run(String name, Settings settings, Heard heard) throws Exception {
    return run(data, work.resolve(name), name, settings, heard);
  }

  private Run run(Path source, Path cache, String name, Settings settings, Heard heard)
      throws Exception {
    try (ImageFiles files = ImageFiles.open(source, "")) {
      DataSet images = DataSet.read("digits", files, DataSet.Naming.OF_FOLDERS);
      try (Experiment experiment =
          new Experiment(
              model,
              images,
              files,
              settings,
              new Experiment.Folders(cache, work.resolve(name).resolve("cells")),
              heard,
              pixels -> new Telling(new PromptRefinement(model.clip(), pixels)))) {
        Experiment.Outcome outcome = experiment.run();
        return new Run(outcome, Tables.results(summary(images, settings, outcome)));
      }
    }
  }

  private static Summary summary(DataSet images, Settings settings, Experiment.Outcome outcome) {
    return new Summary(
        images.name(),
        images.digest(),
        images.training().size(),
        images.test().size(),
        model.clip().id(),
        model.arithmetic(),
        images.classes(),
        settings,
        outcome.cells(),
        outcome.failures(),
        outcome.unreadable());
  }

  private static Settings settings(Strategy... strategies) {
    return new Settings(
        List.of(Paradigm.UL),
        List.of(Modality.TEXT),
        List.of(strategies),
        List.of(1L, 2L),
        1000,
        0,
        2,
        0.38,
        Folders.DIGITS.template(),
        training(),
        false);
  }

  private static Training training() {
    return Training.newBuilder().setRounds(2).setEpochs(1).setSteps(20).setPerClass(8).build();
  }

  /** Counts. */
  private static class Heard implements Experiment.Listener {
    int finished;
    int known;

    @Override
    public void encoding(int done, int total) {}

    @Override
    public void running(int index, Cell cell, int round, double done) {}

    @Override
    public void finished(int index, CellResult result, boolean before) {
      finished++;
      known += before ? 1 : 0;
    }

    @Override
    public void failed(int index, Cell cell, RuntimeException failure) {}
  }

  /** Tells, whatever the refinement itself tells, what the live prompt says of each image. */
  private record Telling(Refinement refinement) implements Refinement {
    @Override
    public PromptVersion zeroShot(String task, TaskDefinition definition, Instant createdAt) {
      return refinement.zeroShot(task, definition, createdAt);
    }

    @Override
    public PromptVersion train(RoundBatch batch, Progress progress) throws InterruptedException {
      int d = model.clip().featureSize();
      float[] features = new float[batch.samples().size() * d];
      for (int i = 0; i < batch.samples().size(); i++) {
        System.arraycopy(
            Float16.decode(batch.samples().get(i).getFeature()), 0, features, i * d, d);
      }
      Classifier live = Classifier.of(batch.base());
      int[] said = Scores.argmax(live.logits(FloatTensor.matrix(features.length / d, d, features)));
      List<Pseudolabel> pseudolabels = new ArrayList<>();
      for (int i = 0; i < said.length; i++) {
        pseudolabels.add(new Pseudolabel(i, said[i], 1));
      }
      PromptVersion candidate = refinement.train(batch, progress);
      progress.chosen(pseudolabels);
      return candidate;
    }
  }
}
