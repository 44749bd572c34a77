package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.TaskDefinition;
import io.gripstream.wiring.TestStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TasksTest {
  @Test
  void aDefinitionThatBreaksTheRulesHidesNoneAndIsNamedWhereThereIsNoOther() {
    TaskDefinition good = Tasks.definition(List.of("cat", "dog"), null);
    TaskDefinition bad = Tasks.definition(List.of("cat"), null);
    try (TestStream stream = new TestStream(1)) {
      define(stream, "pets", good);
      define(stream, "pets", bad);
      define(stream, "only", bad);
      define(stream, "mended", bad);
      define(stream, "mended", good);
      define(stream, "ended", bad);
      Tasks.delete(stream.clients(), stream.serdes(), stream.topics(), "ended");

      Tasks.Defined tasks = Tasks.all(stream.clients(), stream.serdes(), stream.topics());

      assertThat(tasks.followed()).isEqualTo(Map.of("mended", good, "pets", good));
      assertThat(tasks.faults())
          .isEqualTo(Map.of("only", "classes must be at least two, and at most 1000, not 1"));
      assertThat(tasks.names()).containsExactly("mended", "only", "pets");
    }
  }

  private static void define(TestStream stream, String task, TaskDefinition definition) {
    stream.send(stream.topics().tasks(), task, definition, stream.serdes().tasks());
  }
}
