package io.gripstream.workshop.experiment.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * What every page has around its content: one file that needs no other, no script and no network.
 * It is well-formed XML, too.
 */
final class Frame {
  private static final String STYLE = "/experiment/report.css";

  private Frame() {}

  /** Begins a page. */
  static StringBuilder open(String title) throws IOException {
    return new StringBuilder()
        .append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
        .append("<title>")
        .append(Markup.text(title))
        .append("</title>\n<style>\n")
        .append(style())
        .append("</style>\n</head>\n<body>\n<main>\n");
  }

  /** Ends it. */
  static String close(StringBuilder page) {
    return page.append("</main>\n</body>\n</html>\n").toString();
  }

  private static String style() throws IOException {
    try (InputStream in = Frame.class.getResourceAsStream(STYLE)) {
      if (in == null) {
        throw new IOException("this build has no " + STYLE);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
