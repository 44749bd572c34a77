package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.Jvm;
import io.gripstream.access.Key;
import io.gripstream.access.KeyRole;
import io.gripstream.launcher.Main;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A process that cannot come up says so in one line, and has touched nothing. */
class RefusedStartTest {
  @TempDir private Path data;

  /**
   * What is asked of a process.
   *
   * @param line its options; {@code DATA} is a folder, {@code CLOSED} a port where nobody listens
   * @param variables of its environment
   * @param jvm options of the JVM
   * @param files what is in {@code DATA}, by name
   * @param says what its only line must hold
   */
  record Case(
      String line,
      Map<String, String> variables,
      List<String> jvm,
      Map<String, String> files,
      String says) {
    @Override
    public String toString() {
      return line + " " + variables + " " + jvm + " " + files;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        option("--device gpu", "device gpu is none of auto, cpu, cuda, cuda:n"),
        option("--device cuda:9", "cuda:9 asked for, but the engine is built without CUDA"),
        option("--registry registry:8081", "gripstream.registry.url must be an http or https URL"),
        option("--model /no/such/folder", "there is no folder /no/such/folder"),
        option("--model DATA", "has no config.json"),
        option("--model nobody/nothing", "no model"),
        folder("config.json", "{\"model_type\": \"siglip\"}", "model_type \"siglip\", not clip"),
        folder("open_clip_config.json", "{}", "open_clip's is not supported"),
        option("--bootstrap-servers kafka", "kafka"),
        option("--port 65536", "--port must be from 0 to 65535, not 65536"),
        option("--broker-port 65536", "--broker-port must be from 0 to 65535, not 65536"),
        new Case(
            "--data DATA/file/data",
            Map.of(),
            List.of(),
            Map.of("file", ""),
            "gripstream.data-directory must be a folder that can be written to, not"),
        variable("GRIPSTREAM_PRECISION", "fp16", "precision fp16 is none of auto, fp32, bf16"),
        variable(
            "GRIPSTREAM_KAFKA_BOOTSTRAP_SERVER",
            "kafka:9092",
            "did you mean GRIPSTREAM_KAFKA_BOOTSTRAP_SERVERS?"),
        variable("GRIPSTREAM_IMAGES_MAX_BYTES", "32MiB", "gripstream.images.max-bytes"),
        variable("GRIPSTREAM_IMAGES_MAX_BYTES", "67108865", "gripstream.images.max-bytes"),
        variable("GRIPSTREAM_KAFKA_TOPIC_PREFIX", "a b", "gripstream.kafka.topic-prefix"),
        variable("ROCKSDB_SHAREDLIB_DIR", "/no/such/folder", "RocksDB's library cannot be loaded"),
        variable("GRIPSTREAM_KAFKA_PARTITIONS", "0", "gripstream.kafka.partitions"),
        variable("GRIPSTREAM_ROLES", "painter", "gripstream.roles"),
        option(
            "--host 0.0.0.0", "0.0.0.0 can be reached from other machines, and nobody needs a key"),
        variable("GRIPSTREAM_ACCESS_KEYS", "/no/such/keys", "no file of keys /no/such/keys"),
        variable("GRIPSTREAM_KEY", "two words", "gripstream.key must be one word"),
        jvm("-Djava.io.tmpdir=/no/such/folder", "java.io.tmpdir must be a folder that can be"),
        jvm("-Dos.arch=aarch64", "PyTorch does not load on Linux, aarch64"),
        jvm("-Dgripstream.modle=pico", "did you mean gripstream.model?"));
  }

  /** A model's folder with one file. */
  private static Case folder(String file, String content, String says) {
    return new Case("--model DATA", Map.of(), List.of(), Map.of(file, content), says);
  }

  private static Case option(String option, String says) {
    return new Case(option, Map.of(), List.of(), Map.of(), says);
  }

  private static Case variable(String name, String value, String says) {
    return new Case("", Map.of(name, value), List.of(), Map.of(), says);
  }

  private static Case jvm(String option, String says) {
    return new Case("", Map.of(), List.of(option), Map.of(), says);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatCannotComeUpSaysWhyInOneLine(Case each) throws Exception {
    refused("serve", each);
  }

  /** It asks the service that it starts, which would answer 401 until its time is up. */
  @Test
  void aDemoThatMakesKeysNecessaryHasOne() throws Exception {
    Key viewer = Key.of("ann", KeyRole.VIEWER, "a-viewers");
    for (String key : List.of("", "nobodys", "a-viewers")) {
      refused(
          "demo",
          new Case(
              "--for 1s",
              Map.of("GRIPSTREAM_ACCESS_KEYS", "DATA/keys", "GRIPSTREAM_KEY", key),
              List.of(),
              Map.of("keys", viewer.line()),
              "gripstream.key must be an operator's of gripstream.access.keys"));
    }
  }

  private void refused(String does, Case each) throws Exception {
    int closed = closedPort();
    for (Map.Entry<String, String> file : each.files().entrySet()) {
      Files.writeString(data.resolve(file.getKey()), file.getValue());
    }
    List<String> command =
        Jvm.command(
            "256m",
            "-Dai.djl.offline=true",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager");
    command.addAll(each.jvm());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.add(does);
    Map.of("--port", "0", "--broker-port", closed, "--data", data.resolve("data"))
        .forEach(
            (option, value) -> {
              if (!each.line().contains(option + " ")) {
                command.addAll(List.of(option, value.toString()));
              }
            });
    for (String word : each.line().split(" ")) {
      if (!word.isEmpty()) {
        command.add(word.replace("DATA", data.toString()));
      }
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("GRIPSTREAM_MODEL_HUB_URL", "http://localhost:" + closed);
    builder.environment().put("GRIPSTREAM_GATEWAY_SERVICE_HOST", "10.0.0.1");
    builder.environment().put("GRIPSTREAM_GATEWAY_PORT_8080_TCP_ADDR", "10.0.0.1");
    each.variables()
        .forEach(
            (name, value) ->
                builder.environment().put(name, value.replace("DATA", data.toString())));

    Process process = builder.start();
    // What comes up after all says nothing more, and does not end.
    CompletableFuture.delayedExecutor(2, TimeUnit.MINUTES).execute(process::destroyForcibly);
    try {
      List<String> said =
          process
              .inputReader()
              .lines()
              // A hub is given time, and the user is told.
              .filter(line -> !line.endsWith("; trying again"))
              .toList();
      assertThat(process.waitFor(1, TimeUnit.SECONDS)).isTrue();
      assertThat(said).singleElement().asString().startsWith("gripstream: ").contains(each.says());
      assertThat(process.exitValue()).isEqualTo(1);
    } finally {
      process.destroyForcibly();
    }
    assertThat(data.resolve("data").resolve("kafka")).doesNotExist();
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
