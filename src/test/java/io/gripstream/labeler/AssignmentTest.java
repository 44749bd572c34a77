package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.ImageEvent;
import io.gripstream.event.PromptVersion;
import io.gripstream.labeler.Assignment.Label;
import io.gripstream.labeler.Assignment.Refuse;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptReview.Offer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final AtomicLong now = new AtomicLong();
  private final PromptBoard board = new PromptBoard(new ColourClip(), now::get, () -> {});
  private final Assignment assignment = new Assignment(TIMEOUT);

  @Test
  void anEventForAllTasksIsLabelledByThoseThatHaveAPrompt() {
    define("one");
    define("two");
    promote("two");
    assertThat(verdict()).isInstanceOfSatisfying(Label.class, label -> labelled(label, "two"));
  }

  @Test
  void anEventForAllTasksWaitsAsLongAsThereIsNothingToLabelItWith() {
    assertThat(verdict()).isInstanceOf(Wait.class);
    define("one");
    now.addAndGet(TIMEOUT.toNanos() * 100);
    assertThat(verdict()).isInstanceOf(Wait.class);
  }

  @Test
  void anEventIsLabelledByAllTheTasksItNamesOrByNone() {
    define("one");
    promote("one");
    assertThat(verdict("one", "unknown"))
        .isInstanceOfSatisfying(
            Refuse.class, refuse -> assertThat(refuse.reason()).contains("'unknown'"));
    define("two");
    assertThat(verdict("one", "two"))
        .isInstanceOfSatisfying(Wait.class, wait -> assertThat(wait.reason()).contains("'two'"));
    promote("two");
    assertThat(verdict("two", "one"))
        .isInstanceOfSatisfying(Label.class, label -> labelled(label, "two", "one"));
  }

  @Test
  void aTaskIsNotWaitedForWithoutEnd() {
    define("one");
    now.addAndGet(TIMEOUT.toNanos() - 1);
    assertThat(verdict("one")).isInstanceOf(Wait.class);
    now.incrementAndGet();
    assertThat(verdict("one")).isInstanceOf(Refuse.class);
    promote("one");
    assertThat(verdict("one")).isInstanceOf(Label.class);
  }

  /** After a restart, when compaction has left nothing of the definition before it. */
  @Test
  void aTaskWhoseOnlyDefinitionBreaksTheRulesSaysSo() {
    board.define("one", Events.task("alone"));
    assertThat(verdict("one"))
        .isInstanceOfSatisfying(
            Refuse.class,
            refuse ->
                assertThat(refuse.reason())
                    .isEqualTo(
                        "the definition of task 'one' is not followed: classes must be at least"
                            + " two, and at most 1000, not 1"));
    define("one");
    board.define("one", Events.task("alone"));
    assertThat(verdict("one")).isInstanceOf(Wait.class);
    board.define("one", null);
    assertThat(verdict("one")).isEqualTo(new Refuse("there is no task 'one'"));
  }

  @Test
  void aTaskThatEndedIsUnknown() {
    define("one");
    promote("one");
    board.define("one", null);
    assertThat(verdict("one")).isInstanceOf(Refuse.class);
  }

  @Test
  void aPromptThatIsTakenBackLabelsNoMore() {
    define("one");
    promote("one");
    board.swap("one", null);
    assertThat(verdict("one")).isInstanceOf(Wait.class);
  }

  private void define(String task) {
    board.define(task, Events.task("red", "green", "blue"));
  }

  private void promote(String task) {
    PromptVersion prompt =
        Events.prompt(
            task, 0, List.of("red", "green", "blue"), Events.RED, Events.GREEN, Events.BLUE);
    board.candidate(Known.of(prompt));
    board.swap(task, new Offer(prompt, Optional.empty()));
  }

  private Verdict verdict(String... tasks) {
    Arrival arrival = new Arrival(null, "image", ImageEvent.newBuilder().build(), ordered(tasks));
    return assignment.of(arrival, board.snapshot(), now.get());
  }

  private static Set<String> ordered(String... tasks) {
    return new java.util.LinkedHashSet<>(List.of(tasks));
  }

  private static void labelled(Label label, String... tasks) {
    assertThat(label.tasks()).extracting(served -> served.prompt().task()).containsExactly(tasks);
  }
}
