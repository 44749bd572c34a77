package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The configuration's keys, so that a mistyped one is found out: it would otherwise leave its
 * default in force without a word.
 */
final class ConfigKeys {
  private static final String PREFIX = "gripstream";
  private static final String VARIABLES = "GRIPSTREAM_";

  /** What starts the JVM reads them. */
  private static final Set<String> OF_THE_LAUNCHER =
      Set.of("GRIPSTREAM_JAVA_OPTS", "GRIPSTREAM_TF32");

  /** Kubernetes and Docker tell each container of services, among them one called gripstream-x. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "GRIPSTREAM_(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT(_\\d+_(TCP|UDP|SCTP)(_.+)?)?)");

  private ConfigKeys() {}

  /** The keys by the variables that stand for them; one that ends in a dot has any behind it. */
  static Map<String, String> byVariable() {
    Set<String> keys = new TreeSet<>();
    collect(PREFIX, GripstreamConfig.class, keys);
    Map<String, String> byVariable = new TreeMap<>();
    keys.forEach(key -> byVariable.put(variable(key), key));
    return byVariable;
  }

  private static void collect(String prefix, Class<?> group, Set<String> keys) {
    for (Method method : group.getDeclaredMethods()) {
      String key =
          prefix + "." + method.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
      Class<?> type = method.getReturnType();
      if (type.isInterface() && type.getEnclosingClass() == GripstreamConfig.class) {
        collect(key, type, keys);
      } else {
        keys.add(Map.class.isAssignableFrom(type) ? key + "." : key);
      }
    }
  }

  private static String variable(String key) {
    return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  /**
   * @param variables names of the environment
   * @param properties names of system properties, options and the file
   * @throws CommandFailure that names one that means nothing, and what it comes nearest to
   */
  static void requireKnown(Collection<String> variables, Collection<String> properties) {
    Map<String, String> known = byVariable();
    for (String name : new TreeSet<>(variables)) {
      if (name.startsWith(VARIABLES)
          && !OF_THE_LAUNCHER.contains(name)
          && !isOneOf(known.keySet(), "_", name)
          && !SERVICE_LINK.matcher(name).matches()) {
        throw unknown(name, known.keySet());
      }
    }
    for (String name : new TreeSet<>(properties)) {
      if (name.startsWith(PREFIX + ".") && !isOneOf(known.values(), ".", name)) {
        throw unknown(name, known.values());
      }
    }
  }

  private static boolean isOneOf(Collection<String> known, String open, String name) {
    return known.contains(name)
        || known.stream().anyMatch(each -> each.endsWith(open) && name.startsWith(each));
  }

  private static CommandFailure unknown(String name, Collection<String> known) {
    String nearest =
        known.stream().min(Comparator.comparingInt(each -> distance(each, name))).orElseThrow();
    return new CommandFailure("%s is not known: did you mean %s?".formatted(name, nearest));
  }

  /** Levenshtein's: how many letters to put in, take out or change. */
  private static int distance(String one, String other) {
    int[] above = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int[] row = new int[other.length() + 1];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int change = above[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[other.length()];
  }
}
