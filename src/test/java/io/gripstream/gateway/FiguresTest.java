package io.gripstream.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.refine.judge.Comparison;
import io.gripstream.refine.judge.Evidence;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import org.junit.jupiter.api.Test;

/** The page's table of figures, beside the names that a round's evidence has. */
class FiguresTest {
  @Test
  void eachNameOfTheEvidenceHasItsMeaning() throws IOException {
    String table = resource("/META-INF/resources/js/figures.js");
    for (RecordComponent component : Evidence.class.getRecordComponents()) {
      String name = component.getName();
      assertThat(table)
          .contains(
              component.getType() == Comparison.class
                  ? "compared('" + name + "')"
                  : "  " + name + ": ['");
    }
    for (RecordComponent component : Comparison.class.getRecordComponents()) {
      String name = component.getName();
      assertThat(table)
          .contains("  " + Character.toUpperCase(name.charAt(0)) + name.substring(1) + ": ['");
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = FiguresTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
