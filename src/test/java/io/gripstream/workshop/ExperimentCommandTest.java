package io.gripstream.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.launcher.Gripstream;
import io.gripstream.sample.LabelledImage;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ExperimentCommandTest {
  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void anArchiveOfDigitsBecomesTablesAndAPageAndASecondCallOnlyReadsThem() throws IOException {
    Path zip = digits(120);
    assertThat(run(zip)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("1/1  UL text FPL, seed 1").contains("120 encoded");
    Path table = folder.resolve("out/results.csv");
    String first = Files.readString(table);
    assertThat(first.lines()).hasSize(2);
    assertThat(folder.resolve("out/report.html")).isNotEmptyFile();
    assertThat(folder.resolve("out/results.json")).isNotEmptyFile();
    assertThat(folder.resolve("out/timings.csv")).isNotEmptyFile();

    assertThat(run(zip)).isZero();
    assertThat(out.toString()).contains("(known)").contains("0 encoded");
    assertThat(Files.readString(table)).isEqualTo(first);
  }

  @Test
  void settingsThatMakeNoSenseAreRefusedBeforeAnythingIsRead() {
    assertThat(run(Path.of("nowhere"), "--paradigm", "auto")).isEqualTo(2);
    assertThat(run(Path.of("nowhere"), "--strategy", "grip,grip")).isEqualTo(2);
    assertThat(run(Path.of("nowhere"), "--template", "no place")).isEqualTo(2);
    assertThat(run(Path.of("nowhere"), "--unseen-share", "1")).isEqualTo(2);
    assertThat(run(Path.of("nowhere"), "--pool", "0")).isEqualTo(2);
    assertThat(run(Path.of("nowhere"), "--rounds", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--rounds: expected from 1 to 10000");
    assertThat(run(Path.of("nowhere"), "--learning-rate", "NaN")).isEqualTo(2);
  }

  @Test
  void dataThatIsNotThereIsSaidInALine() {
    assertThat(run(folder.resolve("nowhere"))).isEqualTo(1);
    assertThat(err.toString()).contains("no folder or zip archive").doesNotContain("stacktrace");
  }

  @Test
  void aSuiteNeedsItsFileAndItsFolderAloneAndWritesOneTable() throws IOException {
    Path zip = digits(150);
    Path suite = folder.resolve("suite.json");
    Files.writeString(
        suite,
        """
        {"sets": [{"name": "drawn", "path": "%s", "template": "a photo of the number {}"}]}
        """
            .formatted(zip.getFileName()));
    String[] call = {
      "experiment", "suite", "--suite", suite.toString(), "--out", folder.resolve("s").toString(),
      "--cache", folder.resolve("cache").toString(), "--strategies", "fpl", "--seeds", "1",
      "--mixes", "uniform", "--corruptions", "asis,grey", "--epochs", "1"
    };
    assertThat(execute(call)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("4/4").contains("| drawn | pico  | uniform | grey ");
    assertThat(Files.readAllLines(folder.resolve("s/suite.csv"))).hasSize(3);
    assertThat(execute(call)).isZero();
    assertThat(out.toString()).contains("(known)");
    assertThat(execute("experiment", "suite", "--suite", suite.toString())).isEqualTo(2);
    assertThat(execute("experiment")).isEqualTo(2);
  }

  @Test
  void aStreamIsPlayedPartAfterPartThroughTheServicesRounds() throws IOException {
    Path zip = digits(150);
    assertThat(
            execute(
                "experiment",
                "drift",
                "--data",
                zip.toString(),
                "--out",
                folder.resolve("d").toString(),
                "--cache",
                folder.resolve("cache").toString(),
                "--parts",
                "asis:260,grey/few:260",
                "--samples",
                "100",
                "--calibration",
                "0",
                "--strategy",
                "grip",
                "--steps",
                "5",
                "--template",
                "a photo of the number {}"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("| 2. grey/few, 260 images ");
    List<String> course = Files.readAllLines(folder.resolve("d/drift.csv"));
    assertThat(course).hasSize(1 + 26);
    assertThat(course.get(13)).startsWith("1,260,asis,0.");
    assertThat(course.get(14)).startsWith("1,280,grey/few,0.");
    assertThat(Files.readString(folder.resolve("d/events.csv")))
        .contains("Gripstream,100,REQUESTED", "\"GRIP, no gate\",500,PROMOTED");
    assertThat(folder.resolve("d/drift.html")).isNotEmptyFile();
    assertThat(
            execute("experiment", "drift", "--data", zip.toString(), "--out", "x", "--parts", "no"))
        .isEqualTo(2);
  }

  private int run(Path data, String... more) {
    List<String> arguments = new ArrayList<>(List.of("experiment", "--data", data.toString()));
    arguments.addAll(List.of("--cache", folder.resolve("cache").toString()));
    arguments.addAll(List.of("--out", folder.resolve("out").toString()));
    List<String> given = List.of(more);
    for (String[] option :
        new String[][] {
          {"--strategy", "fpl"}, {"--epochs", "1"}, {"--template", "a photo of the number {}"}
        }) {
      if (!given.contains(option[0])) {
        arguments.addAll(List.of(option));
      }
    }
    arguments.addAll(given);
    return execute(arguments.toArray(String[]::new));
  }

  private int execute(String... arguments) {
    CommandLine line = Gripstream.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  /** Without splits of its own. */
  private Path digits(int count) throws IOException {
    SampleStream digits = SampleStreams.byName("digits");
    Path zip = folder.resolve("digits.zip");
    try (ZipOutputStream archive = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (int i = 0; i < count; i++) {
        LabelledImage image = digits.image(i);
        archive.putNextEntry(new ZipEntry("digits/%s/%d.png".formatted(image.label(), i)));
        archive.write(image.png());
        archive.closeEntry();
      }
    }
    return zip;
  }
}
