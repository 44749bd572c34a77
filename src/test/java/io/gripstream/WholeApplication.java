package io.gripstream;

import io.gripstream.kafka.BrokerResource;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All roles, the embedded model, and nothing left from before. */
abstract class WholeApplication implements QuarkusTestProfile {
  private final String prefix;
  private final Map<String, String> further;

  /**
   * @param prefix of the topics
   * @param further configuration
   */
  WholeApplication(String prefix, Map<String, String> further) {
    this.prefix = prefix;
    this.further = further;
  }

  @Override
  public Map<String, String> getConfigOverrides() {
    Map<String, String> config = new HashMap<>(further);
    config.put("gripstream.roles", "labeler,curator,refiner,gateway");
    config.put("gripstream.model", "pico");
    config.put("gripstream.device", "cpu");
    config.put("gripstream.kafka.partitions", "2");
    config.put("gripstream.data-directory", emptyDirectory().toString());
    config.put("quarkus.http.test-port", "0");
    return config;
  }

  @Override
  public List<TestResourceEntry> testResources() {
    return List.of(new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", prefix)));
  }

  private Path emptyDirectory() {
    try {
      return Files.createTempDirectory(Files.createDirectories(Path.of("target")), prefix);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
