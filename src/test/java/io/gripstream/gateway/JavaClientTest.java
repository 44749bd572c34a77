package io.gripstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.Jvm;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.ScoredLabel;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.assertj.core.data.Offset;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The client in {@code clients/java}: compiled against what its own pom names and nothing else, and
 * run as a process of its own against a real broker and registry.
 */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class JavaClientTest {
  private static final Path CLIENT = Path.of("clients/java");

  /** What the client's two dependencies bring. */
  private static final Pattern OWN =
      Pattern.compile(
          "(kafka-clients|avro|jackson-(core|databind|annotations)|slf4j-api|lz4-java|zstd-jni|snappy-java)-\\d.*");

  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;

  @TestHTTPResource("/")
  URI gateway;

  @TempDir Path folder;

  @Test
  void itReadsPredictionsAndClassifiesFeaturesByTheLivePrompt() throws Exception {
    String libraries = libraries();
    compile(libraries);
    String task = "client";
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        Producer<String, byte[]> others =
            clients.producer(
                topics.prefix() + "client", new StringSerializer(), new ByteArraySerializer())) {
      PromptVersion first =
          Traffic.told(
              traffic.candidate(task, List.of("a", "b", "c"), 0, null, 0, Map.of(), Instant.now()));
      traffic.live(first);
      traffic.live(
          PromptVersion.newBuilder(first)
              .setVersion(1)
              .setLogitScale(2)
              .setBias(List.of(0f, 1f, 0f))
              .build());
      traffic.live(PromptVersion.newBuilder(first).setVersion(2).setClasses(List.of("a")).build());
      ImageReference image = new ImageReference(topics.images(), 0, 1L, null, "0".repeat(64));
      ScoredLabel says = new ScoredLabel("b", .75f);
      traffic.prediction(task, "one", image, List.of(says), says, 1, Instant.now());
      others.initTransactions();
      others.beginTransaction();
      others.send(new ProducerRecord<>(topics.predictions(), "two", new byte[] {1, 2})).get();
      others.commitTransaction();
      others.beginTransaction();
      others.send(new ProducerRecord<>(topics.predictions(), "two", new byte[] {3})).get();
      others.abortTransaction();
      traffic.prediction(task, "two", image, List.of(says), says, 1, Instant.now());
    }

    List<String> printed = run(libraries, task, "2", "3,0,4");

    // softmax(2 * (0.6, 0, 0.8) + (0, 1, 0))
    assertThat(printed).filteredOn(line -> line.startsWith("version 1 [a, b, c] [")).hasSize(1);
    double[] probabilities =
        Arrays.stream(
                printed.stream()
                    .filter(line -> line.startsWith("version"))
                    .map(line -> line.substring(line.lastIndexOf('[') + 1, line.length() - 1))
                    .findFirst()
                    .orElseThrow()
                    .split(", "))
            .mapToDouble(Double::parseDouble)
            .toArray();
    double sum = Math.exp(1.2) + Math.exp(1) + Math.exp(1.6);
    assertThat(probabilities)
        .containsExactly(
            new double[] {Math.exp(1.2) / sum, Math.exp(1) / sum, Math.exp(1.6) / sum},
            Offset.offset(1e-6));
    assertThat(printed)
        .contains("refused client: 1 classes have class features [3, 3]")
        .containsOnlyOnce("unreadable the record is not in Confluent's wire format")
        .anyMatch(line -> line.startsWith("prediction one") && line.contains("0.75"))
        .anyMatch(line -> line.startsWith("prediction two"));
  }

  @Test
  void itsPomNamesTheServicesVersions() throws IOException {
    String own = Files.readString(CLIENT.resolve("pom.xml"));
    String services = Files.readString(Path.of("pom.xml"));
    for (String name : List.of("kafka.version", "avro.version", "compiler-plugin.version")) {
      assertThat(between(own, name)).isEqualTo(between(services, name));
    }
    assertThat(own.split("<version>", 3)[1])
        .startsWith(services.split("<version>", 3)[1].split("<")[0]);
    assertThat(
            Pattern.compile("<artifactId>([^<]+)").matcher(between(own, "dependencies")).results())
        .extracting(match -> match.group(1))
        .containsExactly("kafka-clients", "avro");
  }

  private static String between(String pom, String tag) {
    return pom.split("<" + tag + ">", 2)[1].split("</" + tag + ">", 2)[0];
  }

  /** Surefire hands the whole class path over by name; another runner has it as its own. */
  private static String libraries() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(all.split(File.pathSeparator))
        .filter(entry -> OWN.matcher(Path.of(entry).getFileName().toString()).matches())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The contract's classes are those that the client's build makes of the same schemas. */
  private void compile(String libraries) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("--release", "17", "-proc:none", "-cp", libraries, "-d", folder.toString()));
    for (Path sources :
        List.of(CLIENT.resolve("src/main/java"), Path.of("target/generated-sources/avro"))) {
      try (Stream<Path> files = Files.walk(sources)) {
        files.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(arguments::add);
      }
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    assertThat(compiler.run(null, null, null, arguments.toArray(String[]::new))).isZero();
  }

  private List<String> run(String libraries, String task, String predictions, String feature)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Jvm.command(
                    "128m",
                    "-cp",
                    folder + File.pathSeparator + libraries,
                    "io.gripstream.client.Watch",
                    ConfigProvider.getConfig()
                        .getValue("gripstream.kafka.bootstrap-servers", String.class),
                    gateway.toString(),
                    topics.prefix(),
                    task,
                    predictions,
                    feature))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as(() -> text(output)).isTrue();
      assertThat(process.exitValue()).as(() -> text(output)).isZero();
      return Files.readAllLines(output);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
