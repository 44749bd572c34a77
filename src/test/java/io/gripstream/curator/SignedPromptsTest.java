package io.gripstream.curator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.DeadLetters;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.PromptSignature;
import io.gripstream.kafka.registry.PromptSignature.Signer;
import io.gripstream.kafka.registry.PromptSignature.Verifier;
import io.gripstream.kafka.registry.TopicSerdes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the curator signs, a labeler verifies. */
class SignedPromptsTest {
  @TempDir Path directory;

  @Test
  void whatTheCuratorMakesLiveIsSignedWithItsKeyAndNothingElseIs() throws Exception {
    KeyPair pair = pair("Ed25519");
    Verifier verifier = new Verifier(pem("PUBLIC", pair.getPublic().getEncoded()));
    Topics topics = new Topics("signed.");
    TopicSerdes serdes =
        new TopicSerdes(
            new MemoryRegistry(),
            Optional.of(new Signer(pem("PRIVATE", pair.getPrivate().getEncoded()))));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    RocksMemory memory = new RocksMemory(8 << 20);
    Properties config = new Properties();
    config.putAll(CuratorStream.settings(topics, new DeadLetters(topics), meters, memory));
    config.put(StreamsConfig.STATE_DIR_CONFIG, directory.resolve("state").toString());
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    try (TopologyTestDriver driver =
        new TopologyTestDriver(
            new CuratorTopology(topics, serdes, Fixtures.GATE, meters, RoundSpans.OFF)
                .build(1, TopicPartition::toString),
            config)) {
      var tasks =
          driver.createInputTopic(
              topics.tasks(), new StringSerializer(), serdes.tasks().serializer());
      TaskDefinition definition =
          Fixtures.definition().setTemplate(Fixtures.zeroShot(0).getTemplate()).build();
      tasks.pipeInput(Fixtures.TASK, definition);
      driver
          .createInputTopic(
              topics.zeroShots(), new StringSerializer(), serdes.candidates().serializer())
          .pipeInput(Fixtures.TASK + "/" + Fixtures.MODEL, Fixtures.zeroShot(0));
      var prompts =
          driver.createOutputTopic(
              topics.prompts(), new StringDeserializer(), new ByteArrayDeserializer());
      TestRecord<String, byte[]> live = prompts.readRecord();
      assertThat(verifier.fault(live.headers(), live.value())).isEmpty();
      assertThat(
              driver
                  .createOutputTopic(
                      topics.rounds(), new StringDeserializer(), new ByteArrayDeserializer())
                  .readRecord()
                  .headers())
          .isEmpty();

      byte[] changed = live.value().clone();
      changed[changed.length - 1] ^= 1;
      assertThat(verifier.fault(live.headers(), changed)).hasValueSatisfying(this::notTheCurators);
      assertThat(verifier.fault(new RecordHeaders(), live.value())).hasValue("it is not signed");
      for (byte[] wrong : new byte[][] {new byte[64], new byte[0], new byte[1000]}) {
        Headers headers = new RecordHeaders().add(PromptSignature.HEADER, wrong);
        assertThat(verifier.fault(headers, live.value())).hasValueSatisfying(this::notTheCurators);
      }
      Verifier another = new Verifier(pem("PUBLIC", pair("Ed25519").getPublic().getEncoded()));
      assertThat(another.fault(live.headers(), live.value()))
          .hasValueSatisfying(this::notTheCurators);

      tasks.pipeInput(Fixtures.TASK, null);
      assertThat(prompts.readRecord().value()).isNull();
    }
    memory.close();
  }

  @Test
  void aKeyFileThatIsNoneIsRefusedByName() throws Exception {
    byte[] ec = pair("EC").getPublic().getEncoded();
    Path none = Files.writeString(directory.resolve("none.pem"), "hello");
    for (Path file :
        new Path[] {
          none,
          directory.resolve("missing.pem"),
          pem("PUBLIC", ec),
          pem("PUBLIC", new byte[] {1, 2, 3}),
          pem("PRIVATE", pair("Ed25519").getPrivate().getEncoded())
        }) {
      assertThatThrownBy(() -> new Verifier(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(file.toString());
    }
    assertThatThrownBy(() -> new Signer(none)).hasMessageContaining("none.pem");
  }

  private void notTheCurators(String fault) {
    assertThat(fault).isEqualTo("its signature is not the curator's");
  }

  private static KeyPair pair(String algorithm) throws NoSuchAlgorithmException {
    return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
  }

  /** As {@code openssl} writes it. */
  private Path pem(String kind, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(der);
    return Files.writeString(
        Files.createTempFile(directory, "key", ".pem"),
        "-----BEGIN %1$s KEY-----\n%2$s\n-----END %1$s KEY-----\n".formatted(kind, body));
  }
}
