package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubAccessTest {
  @TempDir private Path home;

  @Test
  void whatIsConfiguredGoesBeforeTheEnvironment() {
    Map<String, String> environment =
        Map.of("HF_ENDPOINT", "https://mirror/", "HF_HUB_OFFLINE", "on");

    assertThat(HubAccess.of(Optional.empty(), false, Map.of()).url())
        .isEqualTo(URI.create("https://huggingface.co"));
    assertThat(HubAccess.of(Optional.empty(), false, environment).url())
        .isEqualTo(URI.create("https://mirror"));
    assertThat(HubAccess.of(Optional.of(URI.create("https://ours")), false, environment).url())
        .isEqualTo(URI.create("https://ours"));
    assertThat(HubAccess.of(Optional.empty(), false, environment).offline()).isTrue();
    assertThat(HubAccess.of(Optional.empty(), false, Map.of("HF_HUB_OFFLINE", "0")).offline())
        .isFalse();
    assertThatThrownBy(() -> HubAccess.of(Optional.empty(), false, Map.of("HF_ENDPOINT", "mirror")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theCacheOfOtherClientsIsWhereTheyKeepIt() {
    assertThat(cache(Map.of("HF_HUB_CACHE", "/a"))).isEqualTo(Path.of("/a"));
    assertThat(cache(Map.of("HF_HOME", "/b"))).isEqualTo(Path.of("/b/hub"));
    assertThat(cache(Map.of("XDG_CACHE_HOME", "/c"))).isEqualTo(Path.of("/c/huggingface/hub"));
    assertThat(cache(Map.of("HF_HOME", "~/d")))
        .isEqualTo(Path.of(System.getProperty("user.home"), "d/hub"));
    assertThat(cache(Map.of()))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache/huggingface/hub"));
  }

  private static Path cache(Map<String, String> environment) {
    return HubAccess.of(Optional.empty(), false, environment).sharedCache().folder();
  }

  @Test
  void theTokensVariableGoesBeforeItsFile() throws IOException {
    Files.writeString(home.resolve("token"), "hf_file");
    Path other = Files.writeString(home.resolve("other"), "hf_other");

    assertThat(token("HF_TOKEN", "hf_variable")).contains("hf_variable");
    assertThat(token("HF_TOKEN", " ")).contains("hf_file");
    assertThat(token("HF_TOKEN_PATH", other.toString())).contains("hf_other");
    assertThat(token("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).isEmpty();
    assertThatThrownBy(() -> token("HF_TOKEN", "hf_a\r\nX: y"))
        .isInstanceOf(RefusedException.class)
        .hasMessageNotContaining("hf_a");
  }

  private Optional<String> token(String variable, String value) throws IOException {
    return HubAccess.of(
            Optional.empty(), false, Map.of("HF_HOME", home.toString(), variable, value))
        .token();
  }

  @ParameterizedTest
  @CsvSource({
    "https://huggingface.co/x, secure:3128",
    "http://mirror/x, plain:80",
    "https://hub.inside/x, ''",
    "https://inside/x, ''",
    "https://notinside/x, secure:3128",
    "https://exact:8443/x, ''",
    "https://exact/x, secure:3128",
    "http://localhost:8080/x, ''",
    "http://127.0.0.1/x, ''",
  })
  void theProxyIsTheEnvironments(URI uri, String expected) throws IOException {
    Proxy proxy =
        Proxies.of(
                Map.of(
                    "https_proxy", "http://secure:3128",
                    "HTTP_PROXY", "plain",
                    "NO_PROXY", ".inside, exact:8443"))
            .select(uri)
            .get(0);

    String address =
        proxy.address() instanceof InetSocketAddress socket
            ? socket.getHostString() + ":" + socket.getPort()
            : "";
    assertThat(address).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://name:word@proxy:1", "socks5://proxy:1", "http://a b", "http://"})
  void aProxyThatCannotBeUsedIsSaid(String proxy) {
    assertThatThrownBy(() -> Proxies.of(Map.of("all_proxy", proxy)))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("https_proxy")
        .hasMessageNotContaining("word@");
  }

  @ParameterizedTest
  @CsvSource({
    "https://hub/a, https://hub/b, true",
    "https://hub/a, https://hub:443/b, true",
    "https://hub/a, https://hub:8443/b, false",
    "https://hub/a, http://hub/b, false",
    "https://hub/a, https://cdn.hub/b, false"
  })
  void whatIsOneServer(URI one, URI other, boolean same) {
    assertThat(Redirects.sameOrigin(one, other)).isEqualTo(same);
  }
}
