package io.gripstream.workshop.experiment.report;

import java.util.Locale;

/** Pieces of a page. Whatever comes from outside goes through {@link #text}. */
final class Markup {
  private Markup() {}

  /** Escaped for content and for quoted attributes; what XML has no place for becomes a mark. */
  static String text(Object value) {
    StringBuilder escaped = new StringBuilder();
    String.valueOf(value)
        .codePoints()
        .forEach(
            point -> {
              switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isXml(point) ? point : 0xfffd);
              }
            });
    return escaped.toString();
  }

  private static boolean isXml(int point) {
    return point == '\t'
        || point == '\n'
        || point == '\r'
        || point >= 0x20 && point < 0xd800
        || point >= 0xe000 && point < 0xfffe
        || point >= 0x10000;
  }

  /** A share in percent, without the sign. */
  static String percent(double share) {
    return format("%.1f", 100 * share);
  }

  /** A change of a share in points, with its sign. */
  static String points(double change) {
    String text = format("%+.1f", 100 * change);
    return isNone(text) ? "0.0" : text.replace('-', '\u2212');
  }

  /** The class that colours a change; empty where it rounds to none. */
  static String direction(double change) {
    return isNone(format("%+.1f", 100 * change)) ? "" : change < 0 ? "loss" : "gain";
  }

  private static boolean isNone(String points) {
    return points.equals("-0.0") || points.equals("+0.0");
  }

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
