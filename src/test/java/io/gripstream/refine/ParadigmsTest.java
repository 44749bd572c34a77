package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Paradigm;
import io.gripstream.event.TaskDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParadigmsTest {
  private static Paradigm of(Paradigm wished, String... labels) {
    return Paradigms.of(
        TaskDefinition.newBuilder()
            .setClasses(List.of("cat", "dog", "horse"))
            .setParadigm(wished)
            .build(),
        List.of(labels));
  }

  @Test
  void itFollowsFromWhichClassesHaveHumanLabels() {
    assertThat(of(Paradigm.AUTO)).isEqualTo(Paradigm.UL);
    assertThat(of(Paradigm.AUTO, "cat", "cat", "dog")).isEqualTo(Paradigm.TRZSL);
    assertThat(of(Paradigm.AUTO, "cat", "dog", "horse")).isEqualTo(Paradigm.SSL);
  }

  @Test
  void aPinnedOneHoldsAsSoonAsThereAreLabels() {
    assertThat(of(Paradigm.SSL, "cat")).isEqualTo(Paradigm.SSL);
    assertThat(of(Paradigm.UL, "cat", "dog", "horse")).isEqualTo(Paradigm.UL);
    assertThat(of(Paradigm.TRZSL)).isEqualTo(Paradigm.UL);
  }

  @Test
  void labelsOfClassesThatTheTaskDoesNotHaveDoNotCount() {
    assertThat(of(Paradigm.AUTO, "cow")).isEqualTo(Paradigm.UL);
  }
}
