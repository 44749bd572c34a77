package io.gripstream;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Programs beside a running service, which know of it what {@code examples/README.md} says. */
final class Programs {
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Map<String, String> environment;

  /**
   * @param folder takes what they print
   * @param home the gateway, with its registry
   */
  Programs(Path folder, String brokers, URI home, String prefix) {
    this.folder = folder;
    this.environment =
        Map.of(
            "BROKERS",
            brokers,
            "GATEWAY",
            home.toString().replaceAll("/$", ""),
            "PREFIX",
            prefix,
            "PYTHONDONTWRITEBYTECODE",
            "1");
  }

  /** The first Python that has these modules, or the test is skipped with the reason. */
  String pythonOrSkip(String... modules) throws InterruptedException {
    String imports = "import " + String.join(", ", modules);
    for (String python : List.of("python3", "/usr/bin/python3")) {
      if (run(folder, python, "-c", imports)) {
        return python;
      }
    }
    assumeTrue(false, "no Python that can " + imports);
    throw new AssertionError();
  }

  /** Whether a program ended well; not if there is no such program. */
  boolean run(Path where, String... command) throws InterruptedException {
    try {
      Process process = start(where, "last", command);
      if (!process.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      // There is no such program.
      return false;
    }
  }

  /**
   * Starts a program.
   *
   * @param name under which what it prints is found
   */
  Process start(Path where, String name, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(where.toFile());
    builder.environment().putAll(environment);
    return builder
        .redirectOutput(folder.resolve(name + ".out").toFile())
        .redirectError(folder.resolve(name + ".err").toFile())
        .start();
  }

  /** What the last {@link #run} printed. */
  String output() {
    return read("last.out");
  }

  String errors(String name) {
    return read(name + ".err");
  }

  /** The lines that are whole, as JSON. */
  List<JsonNode> lines(String name) throws IOException {
    String said = read(name + ".out");
    List<JsonNode> lines = new ArrayList<>();
    for (String line : said.substring(0, said.lastIndexOf('\n') + 1).lines().toList()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
