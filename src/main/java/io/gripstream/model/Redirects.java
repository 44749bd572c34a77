package io.gripstream.model;

import java.net.URI;
import java.util.Optional;

/**
 * Where a hub may send on to. Hubs keep large files elsewhere, so other hosts are allowed, but
 * never another way than https; a hub without https, in one's own network or in a test, may only
 * send to itself.
 */
final class Redirects {
  /** More than any hub needs. */
  static final int MOST = 5;

  private Redirects() {}

  /**
   * @param location as the server gave it, relative or not
   * @throws RefusedException when there is none, or it leads where it may not
   */
  static URI follow(URI from, Optional<String> location) throws RefusedException {
    URI to;
    try {
      to = from.resolve(location.orElse(""));
    } catch (IllegalArgumentException e) {
      throw new RefusedException(shown(from) + " redirects to what is no address", e);
    }
    if (location.isEmpty() || to.getHost() == null || to.getRawUserInfo() != null) {
      throw new RefusedException(shown(from) + " redirects to what is no address");
    }
    boolean secure = to.getScheme().equalsIgnoreCase("https");
    boolean http = to.getScheme().equalsIgnoreCase("http");
    boolean allowed =
        from.getScheme().equalsIgnoreCase("https")
            ? secure
            : (secure || http) && sameHost(from, to);
    if (!allowed) {
      throw new RefusedException(
          shown(from)
              + " redirects to "
              + shown(to)
              + "; only https to https, or to the same host, is followed");
    }
    return to;
  }

  static boolean sameHost(URI one, URI other) {
    return one.getHost().equalsIgnoreCase(other.getHost());
  }

  /** Whether two addresses are of one server: what only it may know is sent to no other. */
  static boolean sameOrigin(URI one, URI other) {
    return one.getScheme().equalsIgnoreCase(other.getScheme())
        && sameHost(one, other)
        && port(one) == port(other);
  }

  static boolean isLoopback(URI uri) {
    String host = uri.getHost();
    return host.equalsIgnoreCase("localhost")
        || host.equals("[::1]")
        || host.matches("127(\\.\\d{1,3}){3}");
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  /** Without the query, which may hold a signature that nobody should read in a log. */
  static String shown(URI uri) {
    return uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
  }
}
