package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedirectsTest {
  @ParameterizedTest
  @CsvSource({
    "https://hub/a, https://cdn.example/b?x=1, https://cdn.example/b?x=1",
    "https://hub/a/b, /c, https://hub/c",
    "https://hub/a/b, c, https://hub/a/c",
    "https://hub/a, //cdn/b, https://cdn/b",
    "http://hub/a, http://HUB/b, http://HUB/b",
    "http://hub:80/a, https://hub/b, https://hub/b"
  })
  void httpsLeadsToHttpsAndAHostToItself(URI from, String location, URI to)
      throws RefusedException {
    assertThat(Redirects.follow(from, Optional.of(location))).isEqualTo(to);
  }

  @ParameterizedTest
  @CsvSource({
    "https://hub/a, http://hub/b",
    "https://hub/a, http://cdn/b",
    "http://hub/a, http://cdn/b",
    "http://hub/a, https://cdn/b",
    "https://hub/a, ftp://hub/b",
    "https://hub/a, javascript:1",
    "https://hub/a, https://name:word@cdn/b",
    "https://hub/a, https:///b"
  })
  void nothingElseDoes(URI from, String location) {
    assertThatThrownBy(() -> Redirects.follow(from, Optional.of(location)))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith(from + " redirects to");
  }
}
