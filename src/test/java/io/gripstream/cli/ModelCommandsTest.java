package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.Jvm;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.Digests;
import io.gripstream.launcher.Gripstream;
import io.gripstream.model.StubHub;
import io.gripstream.workshop.DrawnModel.Shapes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ModelCommandsTest {
  @TempDir private Path drawn;
  @TempDir private Path data;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private StubHub hub;

  @BeforeEach
  void start() throws IOException {
    hub = new StubHub(drawn);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void aFetchedModelTellsItsIdAndItsDigests() throws IOException {
    String digest = Digests.sha256(drawn.resolve("model.safetensors"));

    assertThat(fetch("--sha256", digest)).isZero();
    assertThat(out.toString())
        .contains("model id           owner/tiny@" + digest.substring(0, 12))
        .contains("sha256 " + digest)
        .contains("sha256 " + Digests.sha256(drawn.resolve("config.json")))
        .contains("folder             " + data.resolve("models/hub/owner/tiny/main"));
  }

  @Test
  void aRevisionIsFetchedByItsName() {
    assertThat(fetch("--revision", "refs/pr/1")).isZero();
    assertThat(hub.requests().get(0)).isEqualTo("/owner/tiny/resolve/refs%2Fpr%2F1/config.json");
  }

  @Test
  void whatIsRefusedIsAFailureThatSaysWhy() {
    assertThat(fetch("--sha256", "0".repeat(64))).isEqualTo(1);
    assertThat(err.toString()).contains("model.safetensors").contains("0".repeat(64));
  }

  @Test
  void twoProcessesAtOnceFetchEachFileOnce() throws Exception {
    CountDownLatch bothAreThere = new CountDownLatch(1);
    hub.behave(
        (exchange, file) -> {
          try {
            bothAreThere.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return false;
        });
    BlockingQueue<String> said = new LinkedBlockingQueue<>();
    Process first = process(said);
    Process second = process(said);
    try {
      assertThat(said.poll(30, TimeUnit.SECONDS)).contains("another process fetches into");
      bothAreThere.countDown();
      assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(first.exitValue()).isZero();
      assertThat(second.exitValue()).isZero();
      assertThat(hub.requests()).hasSize(4);
    } finally {
      first.destroyForcibly();
      second.destroyForcibly();
    }
  }

  @Test
  void aDrawnModelHasTheSizesThatItsNameSays() throws IOException {
    assertThat(execute("draw-model", "--shapes", "vit-b-32", "--halves", data.toString())).isZero();
    assertThat(ClipConfig.read(data.resolve("config.json"))).isEqualTo(Shapes.VIT_B_32.config());
    assertThat(Files.size(data.resolve("model.safetensors"))).isBetween(302_000_000L, 303_000_000L);
  }

  private Process process(BlockingQueue<String> said) throws IOException {
    Process process =
        new ProcessBuilder(
                Jvm.gripstream(
                    "128m",
                    "fetch-model",
                    "owner/tiny",
                    "--data",
                    data.toString(),
                    "--hub",
                    hub.url().toString()))
            .redirectErrorStream(true)
            .start();
    Thread reader =
        new Thread(
            () -> {
              BufferedReader lines = process.inputReader();
              lines.lines().forEach(said::add);
            });
    reader.setDaemon(true);
    reader.start();
    return process;
  }

  private int fetch(String... options) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("fetch-model", "owner/tiny", "--data", data.toString()));
    line.addAll(List.of("--hub", hub.url().toString()));
    line.addAll(List.of(options));
    return execute(line.toArray(String[]::new));
  }

  private int execute(String... arguments) {
    CommandLine line = Gripstream.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }
}
