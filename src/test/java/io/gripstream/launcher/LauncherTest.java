package io.gripstream.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher's own decisions, with a Java and a machine that only say what they are. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the shell's launcher")
class LauncherTest {
  @TempDir private Path home;

  @BeforeEach
  void install() throws IOException {
    Files.copy(Path.of("gripstream"), home.resolve("gripstream"));
    Files.createDirectories(home.resolve("target/quarkus-app"));
    Files.createFile(home.resolve("target/quarkus-app/quarkus-run.jar"));
    script(
        "java/bin/java",
        "case $1 in -version) echo 'openjdk version \"17.0.9\"';; *) echo \"locale $LC_ALL\"; printf '[%s]' \"$@\";; esac");
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, x86_64, ''",
    "Linux, aarch64, ''",
    "Darwin, arm64, ''",
    "Darwin, x86_64, there is no libtorch for Intel Macs",
    "Linux, riscv64, there is no libtorch for Linux on riscv64",
    "FreeBSD, amd64, there is no libtorch for FreeBSD on amd64"
  })
  void machinesWithoutLibtorchAreToldSoBeforeAnythingIsFetched(
      String system, String machine, String said) throws Exception {
    Files.delete(home.resolve("target/quarkus-app/quarkus-run.jar"));
    script("bin/uname", "case $1 in -s) echo " + system + ";; *) echo " + machine + ";; esac");
    script("bin/mvn", "echo built; touch target/quarkus-app/quarkus-run.jar");

    String output = run(Map.of());

    if (said.isEmpty()) {
      assertThat(output).contains("built").contains("[-jar]");
    } else {
      assertThat(output).startsWith("gripstream: " + said).doesNotContain("built");
      assertThat(output.strip().lines()).hasSize(1);
    }
  }

  @Test
  void namesBeyondAsciiNeedNoLocale() throws Exception {
    assertThat(run(Map.of("LC_ALL", "C"))).contains("locale C.UTF-8");
  }

  @Test
  void aLocaleThatCanSpellIsLeftAsItIs() throws Exception {
    assertThat(run(Map.of("LC_ALL", "C.utf8"))).contains("locale C.utf8");
  }

  @Test
  void whoeverComesDuringABuildWaitsForItAndBuildsNothing() throws Exception {
    Files.delete(home.resolve("target/quarkus-app/quarkus-run.jar"));
    script(
        "bin/mvn",
        "echo one >>builds; until [ -e go ]; do sleep 0.1; done; touch target/quarkus-app/quarkus-run.jar");
    // What a killed call left behind holds nobody up.
    Files.createSymbolicLink(home.resolve(".building"), Path.of("999999999"));

    Process first = start(Map.of());
    await().until(() -> Files.exists(home.resolve("builds")));
    Process second = start(Map.of());
    String said = second.inputReader().readLine();
    Files.createFile(home.resolve("go"));

    assertThat(said).contains("waiting for the build of another call");
    assertThat(second.waitFor()).isZero();
    assertThat(first.waitFor()).isZero();
    assertThat(home.resolve("builds")).hasContent("one");
    assertThat(Files.isSymbolicLink(home.resolve(".building"))).isFalse();
  }

  private String run(Map<String, String> environment, String... arguments) throws Exception {
    Process running = start(environment, arguments);
    String output = new String(running.getInputStream().readAllBytes(), UTF_8);
    running.waitFor();
    return output;
  }

  private Process start(Map<String, String> environment, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", home.resolve("gripstream").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder process = new ProcessBuilder(command).redirectErrorStream(true);
    process.environment().put("JAVA_HOME", home.resolve("java").toString());
    process.environment().put("PATH", home.resolve("bin") + ":" + System.getenv("PATH"));
    process.environment().putAll(environment);
    return process.start();
  }

  /** Its jars would be taken from under it. */
  @Test
  void whatSomebodyRunsFromIsNotBuiltAnew() throws Exception {
    Path jar = home.resolve("target/quarkus-app/quarkus-run.jar");
    Files.setLastModifiedTime(jar, FileTime.fromMillis(0));
    Files.createDirectories(home.resolve("src/main"));
    Files.createDirectories(home.resolve("schemas"));
    Files.createFile(home.resolve("pom.xml"));
    script("bin/mvn", "echo built; touch target/quarkus-app/quarkus-run.jar");
    Process service =
        new ProcessBuilder("sh", "-c", "read line", "java", "-jar", jar.toRealPath().toString())
            .start();
    try {
      assertThat(run(Map.of()))
          .startsWith("gripstream: the sources have changed, but process " + service.pid())
          .contains("[-jar]")
          .doesNotContain("built\n");
    } finally {
      service.destroy();
      service.waitFor();
    }
    assertThat(run(Map.of())).contains("built\n").contains("[-jar]");
  }

  private void script(String name, String body) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
