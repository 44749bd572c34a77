package io.gripstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.net.HostAndPort;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8080, localhost:8080, true",
    "http://LOCALHOST:8080, localhost:8080, true",
    "http://localhost, localhost, true",
    "http://localhost, localhost:80, true",
    "https://localhost, localhost, true",
    "http://[::1]:8080, [::1]:8080, true",
    "https://labels.example, 10.1.2.3:8080, true",
    "http://localhost:3000, localhost:8080, false",
    "http://127.0.0.1:8080, localhost:8080, false",
    "http://10.1.2.4, 10.1.2.3, false",
    "http://evil.example, labels.example, false",
    "http://labels.example.evil, labels.example, false",
    "http://evil.example@labels.evil, labels.example, false",
    "null, labels.example, false",
    "'', labels.example, false",
    "'a b', labels.example, false"
  })
  void onlyPagesOfOursAreTrusted(String origin, String asked, boolean trusted) {
    HostAndPort authority = HostAndPort.parseAuthority(asked, -1);

    assertThat(hosts.trust(origin, authority)).isEqualTo(trusted);
    // That any name is answered to says nothing of whose pages may change something.
    assertThat(new Hosts("localhost", Set.of("*", "labels.example")).trust(origin, authority))
        .isEqualTo(trusted);
  }
}
