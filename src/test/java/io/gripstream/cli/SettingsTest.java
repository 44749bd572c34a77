package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  private final Map<String, String> inherited = new HashMap<>();

  /** Other tests of this JVM may have run the service with settings of their own. */
  @BeforeEach
  void setAside() {
    forget(inherited);
  }

  @AfterEach
  void restore() {
    forget(new HashMap<>());
    inherited.forEach(System::setProperty);
  }

  private static void forget(Map<String, String> into) {
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith("gripstream.")) {
        into.put(name, System.clearProperty(name));
      }
    }
  }

  @Test
  void withoutAnySettingsTheDefaultsHold() {
    GripstreamConfig config = Settings.load();

    assertThat(config.roles()).containsExactlyInAnyOrder(Role.values());
    assertThat(config.http().port()).isEqualTo(ServiceOptions.PORT);
    assertThat(config.kafka().bootstrapServers()).isEmpty();
    assertThat(config.model()).isEqualTo("pico");
    assertThat(config.modelSha256()).isEmpty();
    assertThat(config.modelHub().offline()).isFalse();
    assertThat(config.modelHub().url()).isEmpty();
  }

  @Test
  void aModelMayBePinnedAndItsHubAMirror() {
    Settings.set("gripstream.model-sha256", "0".repeat(64));
    Settings.set("gripstream.model-hub.url", "http://mirror:8000/hub");
    Settings.set("gripstream.model-hub.offline", true);

    GripstreamConfig config = Settings.load();

    assertThat(config.modelSha256()).contains("0".repeat(64));
    assertThat(config.modelHub().url().orElseThrow()).hasHost("mirror");
    assertThat(config.modelHub().offline()).isTrue();
  }

  /** A file's line break came along, or it is no key at all. */
  @ParameterizedTest
  @ValueSource(strings = {"secret\n", "two secrets", "s\u00e9cret"})
  void aKeyThatNoHeaderCanHoldIsRefusedAndNotRepeated(String key) {
    assertThatThrownBy(() -> Settings.load(Map.of("gripstream.key", key)))
        .isInstanceOf(CommandFailure.class)
        .hasMessage("gripstream.key must be one word of ASCII characters");
  }

  @Test
  void optionsBecomeConfigurationKeys() {
    Settings.set("gripstream.roles", "labeler,gateway");
    Settings.set("gripstream.kafka.properties.\"security.protocol\"", "SSL");
    Settings.set("gripstream.nonsense", null);

    GripstreamConfig config = Settings.load();

    assertThat(config.roles()).containsExactlyInAnyOrder(Role.LABELER, Role.GATEWAY);
    assertThat(config.kafka().properties()).containsEntry("security.protocol", "SSL");
    assertThat(System.getProperty("gripstream.nonsense")).isNull();
  }
}
