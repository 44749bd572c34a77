package io.gripstream.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.launcher.Gripstream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** That the benchmarks run and write what they say; never what they measure. */
class BenchCommandTest {
  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void theShortOneHasEveryLineBesideWhatItIsComparedToAndLeavesNothingBehind() throws IOException {
    Path json = folder.resolve("figures.json");

    assertThat(run("--short", "--for", "300ms", "--model", "pico", "--json", json.toString()))
        .as(err.toString())
        .isZero();

    assertThat(out.toString().lines().map(line -> line.split(" ")[0]))
        .containsExactly(
            "encode.fp32",
            "encode.bf16",
            "decode",
            "label.vitb32",
            "label.vitb32.p99",
            "label.pico",
            "label.pico.p99",
            "label.now",
            "label.now.p99",
            "refine.step.c10",
            "refine.step.c45",
            "refine.step.c102",
            "refine.step.visual",
            "refine.calibration",
            "refine.grip",
            "refine.grip.encodings",
            "swap.p99",
            "swap.p50",
            "swap.throughput",
            "tasks.10",
            "tasks.100",
            "tasks.visual",
            "soak.rss.slope",
            "soak.native.slope",
            "soak.arrays.slope");
    for (JsonNode figure : new ObjectMapper().readTree(json.toFile())) {
      String name = figure.path("name").asText();
      double value = figure.path("value").asDouble();
      assertThat(out.toString()).contains(name);
      assertThat(figure.path("baseline").asText()).as(name).isNotBlank();
      assertThat(figure.path("ratio").asDouble())
          .as(name)
          .isEqualTo(value / figure.path("baselineValue").asDouble());
      // What stays flat has a slope of about zero, of either sign.
      if (!name.endsWith(".slope")) {
        assertThat(value).as(name).isPositive();
        assertThat(figure.path("baselineValue").asDouble()).as(name).isPositive();
      }
    }
    try (Stream<Path> left = Files.list(folder.resolve("data/bench"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void whatIsNoBenchmarkIsRefused() {
    assertThat(run("speed")).isEqualTo(2);
    assertThat(err.toString()).contains("there is no benchmark [speed], only [encode,");
    assertThat(run("decode", "--runs", "0")).isEqualTo(2);
  }

  private int run(String... arguments) {
    CommandLine line = Gripstream.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(
        Stream.concat(
                Stream.of("bench", "--data", folder.resolve("data").toString()),
                Stream.of(arguments))
            .toArray(String[]::new));
  }
}
