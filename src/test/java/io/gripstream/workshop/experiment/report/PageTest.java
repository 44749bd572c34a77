package io.gripstream.workshop.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.event.Training;
import io.gripstream.refine.RobinHood;
import io.gripstream.workshop.experiment.Cell;
import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Figures;
import io.gripstream.workshop.experiment.Settings;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class PageTest {
  private static final List<String> CLASSES =
      List.of("<script>alert(1)</script>", "\"quoted\" & 'so'", "a\u0000\ud800b", "plain, ok");

  @TempDir private Path folder;

  @Test
  void thePageIsWellFormedAndNothingFromOutsideBecomesMarkup() throws Exception {
    String html = new Page(summary(true)).html();
    Document document = parse(html);
    assertThat(document.getElementsByTagName("script").getLength()).isZero();
    assertThat(document.getElementsByTagName("b").getLength()).isZero();
    assertThat(document.getDocumentElement().getTextContent())
        .contains("<script>alert(1)</script>")
        .contains("images of <b>bold</b>")
        .contains("no {} \"image\"");
  }

  @Test
  void thePageNeedsNothingElse() throws Exception {
    String html = new Page(summary(true)).html();
    assertThat(html)
        .doesNotContain("http:", "https:", "src=", "href=", "url(", "@import", "<link")
        .contains("prefers-color-scheme: dark");
  }

  @Test
  void everyParadigmHasItsChartsAndEveryMethodItsClasses() throws Exception {
    Document document = parse(new Page(summary(true)).html());
    // Two paradigms, two modalities: accuracy and pseudolabels over rounds.
    assertThat(document.getElementsByTagName("figure").getLength()).isEqualTo(2 * 2 * 2);
    assertThat(document.getElementsByTagName("details").getLength()).isEqualTo(2 * 2 * 2 + 1);
  }

  @Test
  void aPageWithoutAnyFinishedCellSaysWhy() throws Exception {
    Document document = parse(new Page(summary(false)).html());
    assertThat(document.getDocumentElement().getTextContent()).contains("Cells that failed");
  }

  @Test
  void allReportsAreWrittenAndNamesWithCommasAreQuoted() throws IOException {
    Reports.write(folder.resolve("out"), summary(true));
    assertThat(folder.resolve("out"))
        .isDirectoryContaining("glob:**/results.json")
        .isDirectoryContaining("glob:**/report.html")
        .isDirectoryContaining("glob:**/timings.csv")
        .isDirectoryNotContaining("glob:**.part");
    String table = Files.readString(folder.resolve("out/results.csv"));
    assertThat(table.lines().toList().get(1))
        .startsWith("\"images of <b>bold</b>, \"\"new\"\"\",pico@0123456789ab,ul,text,grip,1,0.5");
    assertThat(table.lines()).allMatch(line -> line.split(",(?! )").length <= 25);
  }

  private static Document parse(String html) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(html)));
  }

  private static Summary summary(boolean finished) {
    List<CellResult> cells = new ArrayList<>();
    Settings settings =
        new Settings(
            List.of(Paradigm.UL, Paradigm.TRZSL),
            List.of(Modality.TEXT, Modality.VISUAL),
            List.of(Strategy.GRIP, Strategy.FPL),
            List.of(1L, 2L),
            100,
            0,
            2,
            0.38,
            "a <i>photo</i> of {}",
            Training.newBuilder().build(),
            false);
    settings.cells().forEach(cell -> cells.add(result(cell)));
    return new Summary(
        "images of <b>bold</b>, \"new\"",
        "0".repeat(64),
        1000,
        0,
        "pico@0123456789ab",
        "cpu-fp32",
        CLASSES,
        settings,
        finished ? cells : List.of(),
        List.of(
            new Experiment.Failure(
                new Cell(Paradigm.SSL, Modality.TEXT, Strategy.CPL, 1), "too <few> & small")),
        Map.of("a/<x>.png", "no {} \"image\""));
  }

  private static CellResult result(Cell cell) {
    Figures zeroShot = figures(0.5, cell);
    List<CellResult.Round> rounds = new ArrayList<>();
    for (int round = 1; round <= (cell.strategy() == Strategy.FPL ? 1 : 10); round++) {
      Figures figures = figures(0.5 + 0.03 * round + 0.01 * cell.seed(), cell);
      rounds.add(new CellResult.Round(round, true, null, figures, figures, 10, 0.8, Map.of()));
    }
    RobinHood robinHood = new RobinHood(0.1, -0.1, 0.5, 0.2, 0.3);
    return new CellResult(
        cell,
        100,
        50,
        0,
        List.of(),
        zeroShot,
        rounds,
        robinHood,
        figures(0.6, cell),
        robinHood,
        null,
        new CellResult.Timing(1, 1, null));
  }

  private static Figures figures(double accuracy, Cell cell) {
    boolean split = cell.paradigm() == Paradigm.TRZSL;
    return new Figures(
        accuracy,
        split ? accuracy : null,
        split ? accuracy : null,
        split ? accuracy : null,
        List.of(0.1, accuracy, accuracy, 1.0));
  }
}
