package io.gripstream.workshop.experiment.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.event.Strategy;
import io.gripstream.event.Training;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import io.gripstream.workshop.experiment.Cell;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Model;
import io.gripstream.workshop.experiment.report.SuiteReports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small suite on the embedded model and drawn digits. */
class SuiteTest {
  private static final SampleStream DIGITS = SampleStreams.byName("digits");
  private static final int TRAINING = 200;
  private static final int TEST = 100;

  @TempDir private static Path data;
  @TempDir private static Path cache;

  @TempDir private Path work;

  @BeforeAll
  static void drawDigits() throws IOException {
    for (int i = 0; i < TRAINING + TEST; i++) {
      LabelledImage image = DIGITS.image(i);
      Path file =
          data.resolve(
              "%s/%s/%05d.png".formatted(i < TRAINING ? "train" : "test", image.label(), i));
      Files.createDirectories(file.getParent());
      Files.write(file, image.png());
    }
  }

  @Test
  void everyConditionIsARowWithTheGateAndWithout() throws Exception {
    Heard heard = new Heard();
    SuiteSettings settings =
        settings(
            List.of(ClassMix.UNIFORM, ClassMix.FEW), List.of(Corruption.ASIS, Corruption.DARK));
    List<SuiteRow> rows = run("rows", settings, heard);
    assertThat(rows)
        .extracting(row -> row.condition().title())
        .containsExactly(
            "digits pico uniform asis",
            "digits pico few asis",
            "digits pico uniform dark",
            "digits pico few dark");
    assertThat(heard.cells).isEqualTo(2 * 4);
    SuiteRow plain = rows.get(0);
    assertThat(plain.zeroShot()).isBetween(0.2, 0.9);
    assertThat(plain.bound()).isGreaterThan(plain.zeroShot());
    assertThat(plain.free(Strategy.GRIP)).isNotNull();
    assertThat(rows.get(2).zeroShot()).as("dark is another picture").isNotEqualTo(plain.zeroShot());

    // A pool of four classes tells the gate's cells from the free ones, and truth from the gate.
    SuiteRow few = rows.get(1);
    assertThat(few.free().get(0).pool()).isLessThan(TRAINING / 2);
    assertThat(few.free().get(0).zeroShot().perClass().stream().filter(each -> each.isNaN()))
        .hasSize(6);
  }

  @Test
  void theGateDecidesInGatedCellsAloneAndItsCandidatesAreMeasuredWhenTheyAreHeldToo()
      throws Exception {
    List<SuiteRow> rows =
        run(
            "gates",
            settings(List.of(ClassMix.values()), List.of(Corruption.ASIS, Corruption.DARK)),
            new Heard());
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.free().get(0).rounds())
                  .allMatch(round -> round.promoted() && round.verdict() == null);
              assertThat(row.gated().get(0).rounds()).allMatch(round -> round.verdict() != null);
              assertThat(row.candidates()).hasSize(2);
            });
    List<CellResult.Round> held =
        rows.stream()
            .flatMap(row -> row.gated().stream())
            .flatMap(cell -> cell.rounds().stream())
            .filter(round -> !round.promoted())
            .toList();
    assertThat(held).isNotEmpty();
    assertThat(held).anyMatch(round -> !round.candidateFigures().equals(round.figures()));
    assertThat(rows).anyMatch(row -> !row.free(Strategy.GRIP).equals(row.gated(Strategy.GRIP)));
    assertThat(
            rows.stream()
                .flatMap(row -> row.gated().stream())
                .flatMap(cell -> cell.rounds().stream())
                .filter(CellResult.Round::promoted))
        .allMatch(round -> round.candidateFigures().equals(round.figures()));
  }

  @Test
  void aCorruptionsFeaturesAreNotTakenForAnothers() throws Exception {
    Path own = work.resolve("own-cache");
    SuiteSettings settings =
        settings(List.of(ClassMix.UNIFORM), List.of(Corruption.ASIS, Corruption.GREY));
    new Suite(sources(), settings, folders("cold", own), source -> model(), new Heard()).run();
    try (Stream<Path> files = Files.list(own)) {
      List<Path> stores = files.toList();
      assertThat(stores).hasSize(2);
      byte[] first = Files.readAllBytes(stores.get(0));
      assertThat(Files.readAllBytes(stores.get(1))).hasSameSizeAs(first).isNotEqualTo(first);
    }
  }

  @Test
  void anInterruptedSuiteGoesOnWhereItEnded() throws Exception {
    SuiteSettings settings =
        settings(List.of(ClassMix.UNIFORM, ClassMix.ZIPF), List.of(Corruption.ASIS));
    Heard interrupted =
        new Heard() {
          @Override
          void cell() {
            if (++cells == 3) {
              throw new IllegalStateException("interrupted");
            }
          }
        };
    assertThatThrownBy(() -> run("halves", settings, interrupted)).hasMessage("interrupted");
    Heard rest = new Heard();
    List<SuiteRow> resumed = run("halves", settings, rest);
    assertThat(rest.known).isEqualTo(3);
    assertThat(rest.cells).isEqualTo(4);
    Heard again = new Heard();
    SuiteReports.write(work.resolve("one"), SuiteSummary.of(settings, resumed));
    SuiteReports.write(
        work.resolve("other"), SuiteSummary.of(settings, run("halves", settings, again)));
    assertThat(again.known).isEqualTo(4);
    for (String name : List.of("suite.csv", "candidates.csv", "suite.md", "suite.html")) {
      assertThat(work.resolve("one").resolve(name))
          .hasSameBinaryContentAs(work.resolve("other").resolve(name));
    }
  }

  @Test
  void theReportsHaveARowAConditionAndThePageIsWellFormed() throws Exception {
    SuiteSettings settings =
        settings(List.of(ClassMix.UNIFORM, ClassMix.ZIPF), List.of(Corruption.ASIS));
    SuiteSummary summary = SuiteSummary.of(settings, run("reports", settings, new Heard()));
    SuiteReports.write(work.resolve("out"), summary);
    assertThat(Files.readAllLines(work.resolve("out/suite.csv")))
        .hasSize(3)
        .element(1)
        .asString()
        .startsWith("digits,pico,uniform,asis,10,0.");
    assertThat(Files.readAllLines(work.resolve("out/candidates.csv"))).hasSize(1 + 2 * 2);
    assertThat(Files.readString(work.resolve("out/suite.md")))
        .contains("| digits | pico  | zipf    | asis ")
        .contains("| gate, all ");
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    var page = factory.newDocumentBuilder().parse(work.resolve("out/suite.html").toFile());
    assertThat(page.getElementsByTagName("figure").getLength()).isEqualTo(2);
    assertThat(page.getElementsByTagName("script").getLength()).isZero();
  }

  private List<SuiteRow> run(String name, SuiteSettings settings, Heard heard) throws Exception {
    return new Suite(sources(), settings, folders(name, cache), source -> model(), heard).run();
  }

  private Experiment.Folders folders(String name, Path features) {
    return new Experiment.Folders(features, work.resolve(name));
  }

  private static SuiteFile sources() {
    return new SuiteFile(
        List.of(new SuiteFile.Source("digits", data, DIGITS.template(), Map.of(), List.of())),
        List.of(new SuiteFile.ModelSource("pico", null)));
  }

  private static SuiteSettings settings(List<ClassMix> mixes, List<Corruption> corruptions) {
    return new SuiteSettings(
        List.of(Strategy.GRIP),
        List.of(1L),
        mixes,
        corruptions,
        TRAINING,
        0,
        Training.newBuilder().setRounds(2).setSteps(20).build());
  }

  private static Model model() {
    try {
      Path folder =
          Path.of(SuiteTest.class.getResource("/models/pico/config.json").toURI()).getParent();
      return new Model(
          TorchClip.load(folder, "pico", ComputeDevice.cpu()),
          ClipConfig.read(folder.resolve("config.json")).vision().tokens(),
          "cpu-fp32");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Counts cells. */
  private static class Heard implements Suite.Listener {
    int cells;
    int known;

    void cell() {
      cells++;
    }

    @Override
    public void read(DataSet read) {}

    @Override
    public void finished(List<SuiteRow> soFar) {}

    @Override
    public Experiment.Listener begin(Condition condition, boolean gate, int before, int total) {
      return new Experiment.Listener() {
        @Override
        public void encoding(int done, int all) {}

        @Override
        public void running(int index, Cell cell, int round, double done) {}

        @Override
        public void finished(int index, CellResult result, boolean before) {
          known += before ? 1 : 0;
          cell();
        }

        @Override
        public void failed(int index, Cell cell, RuntimeException failure) {
          throw new IllegalStateException(failure);
        }
      };
    }
  }
}
