package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @AfterEach
  void forget() {
    System.clearProperty("gripstream.roles");
    System.clearProperty("gripstream.kafka.properties.\"security.protocol\"");
    System.clearProperty("gripstream.nonsense");
  }

  @Test
  void withoutAnySettingsTheDefaultsHold() {
    GripstreamConfig config = Settings.load();

    assertThat(config.roles()).containsExactlyInAnyOrder(Role.values());
    assertThat(config.http().port()).isEqualTo(ServiceOptions.PORT);
    assertThat(config.kafka().bootstrapServers()).isEmpty();
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
