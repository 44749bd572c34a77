package io.gripstream.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.ClipTokenizer;
import io.gripstream.event.Modality;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.task.TaskCases.Case;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TaskRulesTest {
  @Test
  void everyNumberOfTheSchemaHasItsBounds() {
    assertThat(TaskCases.numbers("", TaskDefinition.getClassSchema()).toList())
        .containsExactlyInAnyOrderElementsOf(TaskRules.BOUNDS.keySet());
  }

  @Test
  void whatIsJustInsideIsTaken() {
    assertThat(TaskCases.inside())
        .allSatisfy(each -> assertThat(TaskRules.faults("t", each.definition())).isEmpty());
  }

  @Test
  void whatIsJustOutsideIsRefusedWithTheFieldsPath() {
    assertThat(TaskCases.outside()).hasSizeGreaterThan(100).allSatisfy(TaskRulesTest::refused);
  }

  private static void refused(Case each) {
    assertThat(TaskRules.faults("t", each.definition()))
        .singleElement()
        .asString()
        .startsWith(each.path());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "a/b", "-a", "a b", "a\n"})
  void aNameThatCannotBePartOfAnAddressIsRefused(String name) {
    TaskDefinition good = TaskCases.inside().get(0).definition();
    assertThat(TaskRules.faults(name, good)).singleElement().asString().contains("name");
    assertThat(TaskRules.faults("a".repeat(63), good)).isEmpty();
    assertThat(TaskRules.faults("a".repeat(64), good)).hasSize(1);
  }

  /** A record would hold a question mark in its place, and two classes could become one. */
  @Test
  void halfACharacterIsNoText() {
    TaskDefinition good = TaskCases.inside().get(0).definition();
    TaskDefinition classes =
        TaskDefinition.newBuilder(good).setClasses(List.of("a\uD800", "a\uD801")).build();
    TaskDefinition template = TaskDefinition.newBuilder(good).setTemplate("{} \uDC00").build();
    TaskDefinition whole =
        TaskDefinition.newBuilder(good).setClasses(List.of("\uD83D\uDE00", "b")).build();
    assertThat(TaskRules.faults("t", classes)).hasSize(2).allMatch(s -> s.startsWith("classes["));
    assertThat(TaskRules.faults("t", template)).singleElement().asString().startsWith("template");
    assertThat(TaskRules.faults("t", whole)).isEmpty();
  }

  static List<List<String>> alike() {
    return TaskCases.alike();
  }

  /** What the rules say without a model is what the embedded model's tokenizer does. */
  @ParameterizedTest
  @MethodSource("alike")
  void twoClassesThatTheTokenizerTakesForOneAreNamed(List<String> pair) throws IOException {
    TaskDefinition definition = TaskDefinition.newBuilder().setClasses(pair).build();
    try (Model model = new Model()) {
      assertThat(TaskTexts.fault(definition, model))
          .isEqualTo(TaskTexts.alike(definition))
          .hasValueSatisfying(
              fault -> assertThat(fault).contains("\"" + pair.get(0) + "\"", pair.get(1)));
    }
  }

  @Test
  void textsThatTheModelCutsOffAreRefusedWithTheirName() throws IOException {
    String longName = "x ".repeat(90) + "y";
    try (Model model = new Model()) {
      assertThat(fault(model, "a {}", longName, "cat"))
          .hasValueSatisfying(fault -> assertThat(fault).contains(longName, "77 tokens"));
      assertThat(fault(model, "x ".repeat(80) + "{}", "cat", "dog"))
          .hasValueSatisfying(fault -> assertThat(fault).contains("\"cat\"", "77 tokens"));
      int fits = 77 - 2 - "cat".length();
      assertThat(fault(model, "1".repeat(fits) + "{}", "c a t", "d o g")).isEmpty();
      assertThat(fault(model, "1".repeat(fits + 1) + "{}", "c a t", "d o g")).isPresent();
    }
  }

  @Test
  void aContextThatLeavesNoRoomForAClassIsRefused() throws IOException {
    String name = "1".repeat(20);
    try (Model model = new Model()) {
      for (int context : List.of(0, 55, 56)) {
        TaskDefinition definition =
            TaskDefinition.newBuilder()
                .setClasses(List.of(name, "2"))
                .setTraining(Training.newBuilder().setContextLength(context).build())
                .build();
        assertThat(TaskTexts.fault(definition, model).isPresent()).isEqualTo(context == 56);
        TaskDefinition visual =
            TaskDefinition.newBuilder(definition).setModality(Modality.VISUAL).build();
        assertThat(TaskTexts.fault(visual, model)).isEmpty();
      }
    }
  }

  private static Optional<String> fault(Model model, String template, String... classes) {
    return TaskTexts.fault(
        TaskDefinition.newBuilder().setClasses(List.of(classes)).setTemplate(template).build(),
        model);
  }

  /** The embedded model's tokenizer, with the length of OpenAI's text towers. */
  private static final class Model implements TaskTexts.Tokens, AutoCloseable {
    private final ClipTokenizer tokenizer =
        new ClipTokenizer(Path.of("src/main/resources/models/pico/tokenizer.json"), 77);

    private Model() throws IOException {}

    @Override
    public int most() {
      return tokenizer.length();
    }

    @Override
    public Optional<long[]> of(String text) {
      return tokenizer.encodeWhole(text);
    }

    @Override
    public void close() {
      tokenizer.close();
    }
  }
}
