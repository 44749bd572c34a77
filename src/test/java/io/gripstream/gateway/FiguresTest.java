package io.gripstream.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.refine.Comparison;
import io.gripstream.refine.Evidence;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page's table of figures, beside the names that a round's evidence has. */
class FiguresTest {
  private static final List<String> PREFIXES =
      List.of("GAIN", "OVER_ZERO_SHOT", "ZERO_SHOT_BACK", "PREDECESSOR_BACK");

  @Test
  void eachNameOfTheEvidenceHasItsMeaning() throws IOException, IllegalAccessException {
    String table = resource("/META-INF/resources/js/figures.js");
    for (Field name : Evidence.class.getFields()) {
      String value = (String) name.get(null);
      assertThat(table)
          .contains(
              PREFIXES.contains(name.getName())
                  ? "compared('" + value + "')"
                  : "  " + value + ": ['");
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
