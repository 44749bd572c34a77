package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptReview.Offer;
import io.gripstream.prompt.VisualPrompt;
import io.gripstream.task.TaskCases;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptBoardTest {
  private static final PromptVersion TEXT =
      Events.prompt(
          "task", 3, List.of("red", "green", "blue"), Events.RED, Events.GREEN, Events.BLUE);

  private final AtomicInteger refusals = new AtomicInteger();
  private final PromptBoard board =
      new PromptBoard(new ColourClip(), () -> 0, refusals::incrementAndGet);

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

  static List<Arguments> forgeries() {
    float[] unit = {1, 0, 0};
    return List.of(
        forgery("no candidate of version 4", p -> p.setVersion(4)),
        sealed("no candidate of version 4", p -> p.setVersion(4).setBias(List.of(1f, 0f, 0f))),
        sealed("candidate of version 3 is another", p -> p.setBias(List.of(1f, 0f, 0f))),
        forgery("its digest is", p -> p.setDigest("0".repeat(64))),
        forgery("its digest is", p -> p.setBias(List.of(0f, 0f, 50f))),
        forgery("not finite", p -> p.setClassFeatures(Events.tensor(unit, unit, nan()))),
        forgery("not finite", p -> p.setZeroShotFeatures(Events.tensor(unit, unit, nan()))),
        sealed("length 0.0", p -> p.setClassFeatures(Events.tensor(unit, unit, new float[3]))),
        sealed("length 0.0", p -> zeros(p).setMadeBy(Strategy.MIXTURE)),
        sealed("length 5.0", p -> p.setClassFeatures(Events.tensor(unit, unit, long5()))),
        sealed("length 5.0", p -> p.setZeroShotFeatures(Events.tensor(unit, unit, long5()))),
        sealed("logit scale is NaN", p -> p.setLogitScale(Float.NaN)),
        sealed("logit scale is -1", p -> p.setLogitScale(-1)),
        sealed("logit scale is Inf", p -> p.setLogitScale(Float.POSITIVE_INFINITY)),
        sealed("as large as", p -> p.setLogitScale(Float.MAX_VALUE)),
        sealed("as large as", p -> p.setBias(List.of(0f, 0f, 1e30f))),
        sealed("not finite", p -> p.setBias(List.of(0f, 0f, Float.NaN))),
        sealed("classes are not the task's", p -> p.setClasses(List.of("red", "green", "pink"))),
        sealed("classes are not the task's", p -> p.setClasses(List.of("green", "red", "blue"))),
        sealed("it is for another@2", p -> p.setModelId("another@2")),
        sealed("have 2 numbers", p -> narrow(p)),
        sealed("prompt of task 'other'", p -> p.setTask("other")),
        sealed("version is -1", p -> p.setVersion(-1)),
        sealed("candidate of version 3 is another", p -> p.setLogitScale(21)),
        sealed(
            "candidate of version 3 is another",
            p -> p.setZeroShotFeatures(Events.tensor(unit, unit, unit))));
  }

  /** Each of these names a candidate that exists, or the nearest thing to it. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("forgeries")
  void whatCannotBeVerifiedIsRefusedWithItsReasonAndTheLastGoodPromptStays(
      String reason, PromptVersion forged) {
    assertThat(usable(TEXT)).isTrue();
    int before = refusals.get();
    board.swap("task", new Offer(forged, Optional.empty()));

    assertThat(board.snapshot().served().get("task").prompt().digest()).isEqualTo(TEXT.getDigest());
    assertThat(board.snapshot().refused().get("task")).contains(reason);
    assertThat(refusals.get()).isEqualTo(before + 1);
    board.define("task", Events.task("red", "green", "blue"));
    assertThat(refusals.get()).as("counted once").isEqualTo(before + 1);
  }

  @Test
  void aPromptIsServedWhicheverOfItsTaskItsCandidateAndItselfIsHeardOfLast() {
    for (int last = 0; last < 3; last++) {
      PromptBoard heard = new PromptBoard(new ColourClip(), () -> 0, refusals::incrementAndGet);
      List<Runnable> news =
          new ArrayList<>(
              List.of(
                  () -> heard.define("task", Events.task("red", "green", "blue")),
                  () -> heard.candidate(Known.of(TEXT)),
                  () -> heard.swap("task", new Offer(TEXT, Optional.empty()))));
      news.add(news.remove(last));
      news.forEach(Runnable::run);
      assertThat(heard.snapshot().served()).containsKey("task");
      assertThat(heard.snapshot().refused()).isEmpty();
    }
  }

  @Test
  void afterARedefinitionNothingIsServedUntilThereIsAPromptForTheNewClasses() {
    assertThat(usable(TEXT)).isTrue();
    board.define("task", Events.task("cyan", "pink"));
    assertThat(board.snapshot().served()).isEmpty();
    assertThat(board.snapshot().waitingSince()).containsKey("task");
    board.define("task", Events.task("red", "green", "blue"));
    assertThat(board.snapshot().served()).containsKey("task");
  }

  private static float[] nan() {
    return new float[] {Float.NaN, 0, 0};
  }

  private static float[] long5() {
    return new float[] {0, 3, 4};
  }

  private static PromptVersion.Builder zeros(PromptVersion.Builder prompt) {
    return prompt.setClassFeatures(Events.tensor(new float[3], new float[3], new float[3]));
  }

  private static PromptVersion.Builder narrow(PromptVersion.Builder prompt) {
    float[] unit = {1, 0};
    return prompt
        .setClassFeatures(Events.tensor(unit, unit, unit))
        .setZeroShotFeatures(Events.tensor(unit, unit, unit));
  }

  private static Arguments forgery(String reason, UnaryOperator<PromptVersion.Builder> change) {
    return Arguments.of(reason, change.apply(PromptVersion.newBuilder(TEXT)).build());
  }

  /** With the digest that goes with what was changed. */
  private static Arguments sealed(String reason, UnaryOperator<PromptVersion.Builder> change) {
    return Arguments.of(
        reason, Events.sealed(change.apply(PromptVersion.newBuilder(TEXT)).build()));
  }

  private static PromptVersion biased(Float... bias) {
    return PromptVersion.newBuilder(TEXT).setBias(List.of(bias)).build();
  }

  /** Whether the prompt is served, as a candidate under its true digest; others are forgotten. */
  private boolean usable(PromptVersion prompt) {
    board.swap("task", null);
    PromptVersion sealed = Events.sealed(prompt);
    board.candidate(Known.of(sealed));
    board.swap("task", new Offer(sealed, Optional.empty()));
    boolean served = board.snapshot().served().containsKey("task");
    assertThat(board.snapshot().refused().containsKey("task")).isEqualTo(!served);
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
