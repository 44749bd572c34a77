package io.gripstream.gateway;

import io.vertx.core.net.HostAndPort;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The names that this process answers to. A page from elsewhere can make a browser ask us under the
 * page's own name (DNS rebinding), and would then read the answers; it cannot make it ask under an
 * address, or under a name that is ours.
 */
final class Hosts {
  private static final String ANY = "*";
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]|[0-9a-f.]*:[0-9a-f:.]*");

  private final Set<String> names;
  private final Set<String> further;

  /**
   * @param bound what the server listens on, a name or an address
   * @param further names that a proxy, a service or a zone file gave it
   */
  Hosts(String bound, Set<String> further) {
    this.further = further.stream().map(Hosts::normal).collect(Collectors.toSet());
    names = new HashSet<>(this.further);
    names.add(normal(bound));
    names.add("localhost");
  }

  /**
   * @param host of the request's authority, without its port
   */
  boolean answerTo(String host) {
    String name = normal(host);
    return names.contains(ANY)
        || names.contains(name)
        || name.endsWith(".localhost")
        || ADDRESS.matcher(name).matches();
  }

  /**
   * Whether a page of this origin is one of ours: it is from where the request goes, or from one of
   * the further names, since a proxy may ask us under another than it has.
   *
   * @param origin as browsers write it: scheme, host and port, or {@code null}
   * @param asked where the request goes
   */
  boolean trust(String origin, HostAndPort asked) {
    URI page;
    try {
      page = new URI(origin);
    } catch (URISyntaxException e) {
      // No browser writes such a one.
      return false;
    }
    if (page.getHost() == null) {
      return false;
    }
    int usual = "https".equals(page.getScheme()) ? 443 : 80;
    return further.contains(normal(page.getHost()))
        || (normal(page.getHost()).equals(normal(asked.host()))
            && portOr(usual, page.getPort()) == portOr(usual, asked.port()));
  }

  private static int portOr(int usual, int port) {
    return port < 0 ? usual : port;
  }

  /** Names are of any case, and absolute ones end with a dot. */
  private static String normal(String host) {
    String name = host.strip().toLowerCase(Locale.ROOT);
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
