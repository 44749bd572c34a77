package io.gripstream.model;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxies that the variables {@code https_proxy}, {@code http_proxy}, {@code all_proxy} and
 * {@code no_proxy} name, in small letters or capitals. This machine itself is asked without one.
 */
final class Proxies extends ProxySelector {
  private static final int DEFAULT_PORT = 80;

  private final Optional<InetSocketAddress> https;
  private final Optional<InetSocketAddress> http;
  private final List<String> direct;

  private Proxies(
      Optional<InetSocketAddress> https, Optional<InetSocketAddress> http, List<String> direct) {
    this.https = https;
    this.http = http;
    this.direct = direct;
  }

  /**
   * The proxies of an environment; the JVM's own, where its system properties name one.
   *
   * @throws RefusedException when an address cannot be used
   */
  static ProxySelector of(Map<String, String> environment) throws RefusedException {
    if (System.getProperty("https.proxyHost") != null
        || System.getProperty("http.proxyHost") != null) {
      return ProxySelector.getDefault();
    }
    List<String> direct =
        List.of(
            value(environment, "no_proxy").orElse("").toLowerCase(Locale.ROOT).split("[,\\s]+"));
    return new Proxies(
        address(environment, "https_proxy"), address(environment, "http_proxy"), direct);
  }

  private static Optional<InetSocketAddress> address(
      Map<String, String> environment, String variable) throws RefusedException {
    Optional<String> text = value(environment, variable).or(() -> value(environment, "all_proxy"));
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI uri = URI.create(text.get().contains("://") ? text.get() : "http://" + text.get());
      if (uri.getRawUserInfo() != null) {
        throw new RefusedException(
            variable + " holds a name and a password, which Java's client gives to no proxy");
      }
      if ("http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null) {
        int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
        return Optional.of(InetSocketAddress.createUnresolved(uri.getHost(), port));
      }
    } catch (IllegalArgumentException e) {
      throw new RefusedException(variable + " is no address of a proxy", e);
    }
    throw new RefusedException(variable + " is no address of a proxy such as http://host:3128");
  }

  private static Optional<String> value(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable))
        .or(() -> Optional.ofNullable(environment.get(variable.toUpperCase(Locale.ROOT))))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  @Override
  public List<Proxy> select(URI uri) {
    Optional<InetSocketAddress> proxy = "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
    return List.of(
        proxy
            .filter(address -> !isDirect(uri))
            .map(address -> new Proxy(Proxy.Type.HTTP, address))
            .orElse(Proxy.NO_PROXY));
  }

  private boolean isDirect(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    if (Redirects.isLoopback(uri)) {
      return true;
    }
    for (String entry : direct) {
      String name = entry.replaceFirst("^\\*?\\.", "");
      boolean named = host.equals(name) || host.endsWith("." + name);
      boolean withPort = (host + ":" + uri.getPort()).equals(name);
      if (entry.equals("*") || !name.isEmpty() && (named || withPort)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // The request fails with the same exception, and says so.
  }
}
