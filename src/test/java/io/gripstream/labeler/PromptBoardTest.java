package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.task.TaskCases;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class PromptBoardTest {
  private static final PromptVersion TEXT =
      Events.prompt(
          "task", 3, List.of("red", "green", "blue"), Events.RED, Events.GREEN, Events.BLUE);

  private final PromptBoard board = new PromptBoard(new ColourClip(), () -> 0);

  @BeforeEach
  void define() {
    board.define("task", Events.task("red", "green", "blue"));
  }

  @Test
  void aDefinitionThatBreaksTheRulesChangesNothing() {
    assertThat(usable(TEXT)).isTrue();
    TaskDefinition before = board.snapshot().served().get("task").definition();
    TaskCases.outside().forEach(each -> board.define("task", each.definition()));
    assertThat(board.snapshot().served().get("task").definition()).isSameAs(before);
  }

  @Test
  void aVisualPromptIsUsedWithItsPrefix() {
    assertThat(usable(Events.behind(TEXT, 1, 2))).isTrue();
    Prefix prefix = board.snapshot().served().get("task").prompt().prefix().orElseThrow();
    assertThat(prefix.vectors().shape()).containsExactly(2, 1);
    assertThat(prefix.vectors().values()).containsExactly(1, 2);
    usable(Events.behind(TEXT, 1, 2));
    assertThat(board.snapshot().served().get("task").prompt().prefix()).contains(prefix);
    usable(Events.behind(TEXT, 1, 3));
    assertThat(board.snapshot().served().get("task").prompt().prefix().orElseThrow())
        .isNotEqualTo(prefix);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aPrefixThatHoldsNoNumberIsRefused(float value) {
    assertThat(usable(Events.behind(TEXT, 1, value))).isFalse();
  }

  @Test
  void aPrefixThatDoesNotFitTheTowerIsRefused() {
    assertThat(usable(with(List.of(1, 2), 2))).isFalse();
    assertThat(usable(with(List.of(1), 1))).isFalse();
    assertThat(usable(with(List.of(1, 1, 1), 1))).isFalse();
    assertThat(usable(with(List.of(0, 1), 0))).isFalse();
    assertThat(usable(with(List.of(-1, -1), 1))).isFalse();
    assertThat(usable(with(List.of(5000, 1), 5000))).isFalse();
    assertThat(usable(with(List.of(2, 1), 1))).isFalse();
    assertThat(usable(with(List.of(2, 1), 2))).isTrue();
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "TEXT")
  void aTrainedPromptThatLostItsPrefixIsRefused(Modality modality) {
    assertThat(usable(PromptVersion.newBuilder(TEXT).setModality(modality).build())).isFalse();
  }

  /** A task that is redefined gets its zero-shot prompt under the next version. */
  @ParameterizedTest
  @EnumSource
  void aZeroShotPromptNeedsNoPrefixWhateverItsVersionAndModality(Modality modality) {
    PromptVersion zeroShot =
        PromptVersion.newBuilder(TEXT).setModality(modality).setVersion(4).setRound(0).build();
    assertThat(usable(zeroShot)).isTrue();
    assertThat(board.snapshot().served().get("task").prompt().prefix()).isEmpty();
  }

  @Test
  void aBiasThatIsNotOneNumberForEachClassIsRefused() {
    assertThat(usable(biased())).isTrue();
    assertThat(usable(biased(0f, 5f, 0f))).isTrue();
    float[] green =
        board.snapshot().served().get("task").prompt().live().probabilities(new float[3], 0);
    assertThat(ClassHead.top(green, 1)).containsExactly(1);
    assertThat(usable(biased(1f, 2f))).isFalse();
    assertThat(usable(biased(1f, 2f, 3f, 4f))).isFalse();
    assertThat(usable(biased(1f, Float.NaN, 3f))).isFalse();
    assertThat(usable(biased(1f, Float.POSITIVE_INFINITY, 3f))).isFalse();
  }

  private static PromptVersion biased(Float... bias) {
    return PromptVersion.newBuilder(TEXT).setBias(List.of(bias)).build();
  }

  private boolean usable(PromptVersion prompt) {
    board.swap("task", prompt);
    boolean served = board.snapshot().served().containsKey("task");
    assertThat(board.snapshot().unusable().contains("task")).isEqualTo(!served);
    return served;
  }

  private static PromptVersion with(List<Integer> shape, int values) {
    Tensor tensor = new Tensor(shape, ByteBuffer.allocate(values * Float.BYTES));
    return PromptVersion.newBuilder(TEXT)
        .setModality(Modality.VISUAL)
        .setTensors(Map.of(VisualPrompt.PREFIX, tensor))
        .build();
  }
}
