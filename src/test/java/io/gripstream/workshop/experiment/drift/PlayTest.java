package io.gripstream.workshop.experiment.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.Tensors;
import io.gripstream.workshop.experiment.Part;
import io.gripstream.workshop.experiment.Shown;
import io.gripstream.workshop.experiment.report.DriftReports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two classes whose images lie on the two axes of a plane. */
class PlayTest {
  /** Says 0 along the first axis and 1 along the second. */
  private static final PromptVersion RIGHT = prompt(0, 1, 0, 0, 1);

  /** The other way round. */
  private static final PromptVersion WRONG = prompt(1, 0, 1, 1, 0);

  @TempDir private Path folder;

  @Test
  void anImageIsLabeledByThePromptThatIsLiveWhenItComes() throws Exception {
    // The contender turns wrong when it has seen the third image, and right again after the fifth.
    Scripted scripted = new Scripted(Map.of(3, WRONG, 5, RIGHT));
    List<Integer> seen = new ArrayList<>();
    DriftRun run =
        Play.run(
            1,
            stream(0, 0, 0, 1, 1, 1, 1),
            List.of(new Fixed("zero-shot", RIGHT), scripted),
            (done, total) -> seen.add(done));
    assertThat(run.courses().get(0).right()).containsOnly(true);
    assertThat(run.courses().get(1).right())
        .containsExactly(true, true, true, false, false, true, true);
    assertThat(run.courses().get(1).versions()).containsExactly(0, 0, 0, 1, 1, 0, 0);
    assertThat(run.parts()).containsExactly(0, 0, 0, 1, 1, 1, 1);
    assertThat(run.start(1)).isEqualTo(3);
    assertThat(run.start(2)).isEqualTo(7);
    assertThat(scripted.labels).as("in order").containsExactly(0, 1, 0, 1, 0, 1, 0);
    assertThat(seen).containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  @Test
  void aBiasCountsToo() {
    float[] feature = {1, 0};
    PromptVersion biased = PromptVersion.newBuilder(RIGHT).setBias(List.of(0f, 1.5f)).build();
    Labeling labeling = new Labeling();
    assertThat(labeling.logits(RIGHT, Float16.encode(feature)).values()).containsExactly(1, 0);
    assertThat(labeling.logits(biased, Float16.encode(feature)).values()).containsExactly(1, 1.5f);
  }

  @Test
  void aFrozenPromptIsTheFirstThatWasPromotedWhateverComesLater() throws Exception {
    Scripted scripted = new Scripted(Map.of(2, WRONG, 4, RIGHT));
    DriftRun run =
        Play.run(
            1,
            stream(0, 0, 0, 0, 0, 0),
            List.of(new Fixed("zero-shot", RIGHT), new Frozen(scripted), scripted),
            (done, total) -> {});
    assertThat(run.courses().get(1).right())
        .containsExactly(true, true, false, false, false, false);
    assertThat(run.courses().get(2).right()).containsExactly(true, true, false, false, true, true);
    assertThat(run.courses().get(1).events())
        .containsExactly(new Contender.Event(2, "FROZEN", "version 1"));
  }

  @Test
  void windowsLookBackOverAsManyImagesAsTheySay() {
    boolean[] right = {true, false, true, true, false};
    assertThat(Windows.trailing(right, 2)).containsExactly(Double.NaN, 0.5, 0.5, 1.0, 0.5);
    assertThat(Windows.mean(right, 1, 4)).isCloseTo(2 / 3.0, within(1e-12));
    boolean[] other = {true, true, true, false, false};
    // Differences of the pairs: -0.5 (up to image 2), -0.5, 0.5, 0.5.
    assertThat(Windows.worst(right, other, 2)).isEqualTo(new Windows.Worst(2, -0.5));
    assertThat(Windows.worst(right, other, 6)).isNull();
  }

  @Test
  void aGainIsBackWithTheFirstVersionThatHasFourFifthsOfIt() {
    int w = Recovery.WINDOW;
    boolean[] zeroShot = new boolean[5 * w];
    boolean[] late = new boolean[5 * w];
    boolean[] never = new boolean[5 * w];
    int[] versions = new int[5 * w];
    for (int i = 0; i < 5 * w; i++) {
      // In the first part both are right from the start. In the second, late serves a version that
      // is no better from image 20 on, and one that is right from image 100 on.
      late[i] = i < 2 * w || i >= 2 * w + 100;
      never[i] = i < 2 * w;
      versions[i] = i < 2 * w + 20 ? 1 : i < 2 * w + 100 ? 2 : 3;
    }
    int[] parts = new int[5 * w];
    java.util.Arrays.fill(parts, 2 * w, 5 * w, 1);
    List<Contender.Event> rounds =
        List.of(
            new Contender.Event(w, "REQUESTED", ""),
            new Contender.Event(2 * w + 20, "REQUESTED", ""),
            new Contender.Event(2 * w + 21, "HELD", ""),
            new Contender.Event(2 * w + 99, "REQUESTED", ""));
    DriftRun run =
        new DriftRun(
            1,
            parts,
            List.of(
                course("zero-shot", zeroShot, List.of()),
                new DriftRun.Course("late", late, versions, rounds),
                course("never", never, List.of())));
    assertThat(Recovery.of(run, 1, 0)).isEqualTo(new Recovery(0, 0));
    assertThat(Recovery.of(run, 1, 1)).isEqualTo(new Recovery(100, 2));
    assertThat(Recovery.of(run, 2, 1)).isEqualTo(new Recovery(null, null));

    DriftRun nothing =
        new DriftRun(
            1, parts, List.of(course("a", zeroShot, List.of()), course("b", zeroShot, List.of())));
    assertThat(Recovery.of(nothing, 1, 0)).as("nothing to gain").isNull();
  }

  @Test
  void theReportsTellEachPartAndThePageIsWellFormed() throws Exception {
    int[] labels = new int[900];
    java.util.Arrays.fill(labels, 600, 900, 1);
    DriftRun run =
        Play.run(
            1,
            stream(labels),
            List.of(new Fixed("zero-shot", WRONG), new Scripted(Map.of(700, WRONG))),
            (done, total) -> {});
    DriftSummary summary =
        DriftSummary.of("<set>", Part.parse("asis:600,grey/few:300"), List.of(run, run));
    assertThat(summary.contenders().get(0).accuracy()).isZero();
    assertThat(summary.contenders().get(1).perPart()).containsExactly(1.0, 100 / 300.0);
    assertThat(summary.contenders().get(1).worst().get(0))
        .isEqualTo(new DriftSummary.WorstWindow(240, 40 / 240.0, 1, 900));

    DriftReports.write(folder, summary);
    assertThat(Files.readAllLines(folder.resolve("drift.csv")))
        .hasSize(1 + 2 * 45)
        .element(31)
        .isEqualTo("1,620,grey/few,0.000000,0.000000,1,1.000000,1.000000,0");
    assertThat(Files.readAllLines(folder.resolve("parts.csv"))).hasSize(1 + 2 * 2);
    assertThat(Files.readString(folder.resolve("drift.md")))
        .contains("| 2. grey/few, 300 images | 0.0       | 33.3     |");
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    var page = factory.newDocumentBuilder().parse(folder.resolve("drift.html").toFile());
    assertThat(page.getElementsByTagName("svg").getLength()).isEqualTo(2);
    assertThat(page.getDocumentElement().getTextContent()).contains("<set>");
  }

  private static DriftRun.Course course(
      String name, boolean[] right, List<Contender.Event> events) {
    return new DriftRun.Course(name, right, new int[right.length], events);
  }

  /** Images of class 0, 1, 0, 1 and so on, in these parts. */
  private static List<Shown> stream(int... parts) {
    List<Shown> stream = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      float[] feature = i % 2 == 0 ? new float[] {1, 0} : new float[] {0, 1};
      stream.add(new Shown("image " + i, "00", parts[i], i % 2, Float16.encode(feature)));
    }
    return stream;
  }

  private static PromptVersion prompt(int version, float... classFeatures) {
    Tensor features = Tensors.encode(FloatTensor.matrix(2, 2, classFeatures));
    return PromptVersion.newBuilder()
        .setTask("task")
        .setVersion(version)
        .setDigest("digest " + version)
        .setParent(null)
        .setModelId("model")
        .setModality(Modality.TEXT)
        .setClasses(List.of("a", "b"))
        .setTemplate("{}")
        .setClassFeatures(features)
        .setZeroShotFeatures(features)
        .setLogitScale(1)
        .setRound(0)
        .setCreatedAt(Instant.EPOCH)
        .build();
  }

  /** Begins right, and changes its prompt after so many images. */
  private static final class Scripted implements Contender {
    final List<Integer> labels = new ArrayList<>();
    private final Map<Integer, PromptVersion> changes;
    private PromptVersion live = RIGHT;

    Scripted(Map<Integer, PromptVersion> changes) {
      this.changes = changes;
    }

    @Override
    public String name() {
      return "scripted";
    }

    @Override
    public PromptVersion live() {
      return live;
    }

    @Override
    public void saw(Shown image) {
      labels.add(image.label());
      live = changes.getOrDefault(labels.size(), live);
    }

    @Override
    public List<Event> events() {
      return List.of();
    }
  }
}
