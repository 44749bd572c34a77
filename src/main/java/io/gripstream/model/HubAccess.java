package io.gripstream.model;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a hub is and how it is reached: what is configured, and where it is not, the variables of
 * the environment that its Python client reads ({@code HF_ENDPOINT}, {@code HF_HUB_OFFLINE}, {@code
 * HF_TOKEN}, {@code HF_TOKEN_PATH}, {@code HF_HOME}, {@code HF_HUB_CACHE}), and {@link Proxies}.
 */
public final class HubAccess {
  private static final String DEFAULT_URL = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,4096}");

  private final URI url;
  private final boolean offline;
  private final Map<String, String> environment;

  private HubAccess(URI url, boolean offline, Map<String, String> environment) {
    this.url = url;
    this.offline = offline;
    this.environment = Map.copyOf(environment);
  }

  /**
   * @param url of the hub; absent: what {@code HF_ENDPOINT} says, or Hugging Face's
   * @param offline whether only what is on this machine may be used, whatever {@code
   *     HF_HUB_OFFLINE} says
   * @param environment the process's variables
   * @throws IllegalArgumentException when the URL is none of http or https
   */
  public static HubAccess of(Optional<URI> url, boolean offline, Map<String, String> environment) {
    URI hub =
        url.orElseGet(() -> URI.create(given(environment, "HF_ENDPOINT").orElse(DEFAULT_URL)));
    if (!("https".equalsIgnoreCase(hub.getScheme()) || "http".equalsIgnoreCase(hub.getScheme()))
        || hub.getHost() == null
        || hub.getRawUserInfo() != null
        || hub.getRawQuery() != null
        || hub.getRawFragment() != null) {
      throw new IllegalArgumentException("a hub has an address such as https://host, not " + hub);
    }
    return new HubAccess(
        URI.create(hub.toString().replaceAll("/+$", "")),
        offline || is(environment, "HF_HUB_OFFLINE"),
        environment);
  }

  /** Without a slash at its end. */
  URI url() {
    return url;
  }

  boolean offline() {
    return offline;
  }

  /**
   * The token of an account at the hub: {@code HF_TOKEN}, or what the client's login wrote.
   *
   * @throws IOException when there is one that cannot be read, or that is none
   */
  Optional<String> token() throws IOException {
    if (is(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      return Optional.empty();
    }
    Path file = path("HF_TOKEN_PATH").orElseGet(() -> home().resolve("token"));
    Optional<String> token = given(environment, "HF_TOKEN").map(String::strip);
    if (token.isEmpty() && Files.isRegularFile(file)) {
      token = Optional.of(Files.readString(file).strip()).filter(text -> !text.isEmpty());
    }
    if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
      // Not shown: it may be a token with a line break in it.
      throw new RefusedException("what HF_TOKEN or " + file + " holds is no token of a hub");
    }
    return token;
  }

  /** What other clients on this machine have fetched, whether there is such a folder or not. */
  SharedCache sharedCache() {
    return new SharedCache(path("HF_HUB_CACHE").orElseGet(() -> home().resolve("hub")));
  }

  /**
   * A client that follows no redirects and takes the environment's proxies.
   *
   * @throws RefusedException when a proxy's address cannot be used
   */
  HttpClient client(Duration connect) throws RefusedException {
    return HttpClient.newBuilder()
        .followRedirects(HttpClient.Redirect.NEVER)
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(connect)
        .proxy(Proxies.of(environment))
        .build();
  }

  private Path home() {
    return path("HF_HOME")
        .orElseGet(
            () ->
                path("XDG_CACHE_HOME")
                    .orElse(Path.of(System.getProperty("user.home"), ".cache"))
                    .resolve("huggingface"));
  }

  private Optional<Path> path(String variable) {
    return given(environment, variable)
        .map(
            text ->
                text.replaceFirst(
                    "^~(?=/|$)", Matcher.quoteReplacement(System.getProperty("user.home"))))
        .map(Path::of);
  }

  private static Optional<String> given(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(text -> !text.isBlank());
  }

  private static boolean is(Map<String, String> environment, String variable) {
    return given(environment, variable)
        .map(text -> TRUE.contains(text.strip().toUpperCase(Locale.ROOT)))
        .orElse(false);
  }
}
