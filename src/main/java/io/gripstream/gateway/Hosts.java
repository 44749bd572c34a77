package io.gripstream.gateway;

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

  /**
   * @param bound what the server listens on, a name or an address
   * @param further names that a proxy, a service or a zone file gave it
   */
  Hosts(String bound, Set<String> further) {
    names = further.stream().map(Hosts::normal).collect(Collectors.toSet());
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

  /** Names are of any case, and absolute ones end with a dot. */
  private static String normal(String host) {
    String name = host.strip().toLowerCase(Locale.ROOT);
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
