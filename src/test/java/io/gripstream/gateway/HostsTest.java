package io.gripstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostsTest {
  private final Hosts hosts = new Hosts("0.0.0.0", Set.of("gripstream-gateway", "Labels.example"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST.",
        "labels.localhost",
        "127.0.0.1",
        "10.1.2.3",
        "[::1]",
        "::1",
        "[fe80::1]",
        "gripstream-gateway",
        "labels.example",
        "labels.example."
      })
  void addressesAndNamesOfOursAreAnswered(String host) {
    assertThat(hosts.answerTo(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "evil.labels.example",
        "labels.example.evil",
        "1.2.3.4.5",
        "face.b00c",
        "*"
      })
  void noOtherNameIs(String host) {
    assertThat(hosts.answerTo(host)).isFalse();
    assertThat(new Hosts("localhost", Set.of("*")).answerTo(host)).isTrue();
  }
}
