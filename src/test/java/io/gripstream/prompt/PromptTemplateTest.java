package io.gripstream.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTemplateTest {
  @Test
  void theClassNameTakesThePlaceAndNothingOfThePlaceIsLeft() {
    PromptTemplate template = new PromptTemplate("a satellite photo of {}.");
    assertThat(template.sentences(List.of("forest", "sea or lake")))
        .containsExactly("a satellite photo of forest.", "a satellite photo of sea or lake.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a photo of a {}", "{}", "{} from above", "a photo of a {}, a texture."})
  void leadAndTailTogetherAreTheSentence(String text) {
    PromptTemplate template = new PromptTemplate(text);
    List<String> classes = List.of("forest", "annual crop");
    for (int i = 0; i < classes.size(); i++) {
      String together = template.lead() + " " + template.tails(classes).get(i);
      assertThat(together.strip()).isEqualTo(template.sentences(classes).get(i));
      assertThat(together).doesNotContain("{", "}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a photo of a {}., a photo of a, cat.",
    "{}, '', cat",
    "a {} from above, a, cat from above"
  })
  void leadIsWhatStandsBeforeTheNameAndTailIsTheRest(String text, String lead, String tail) {
    PromptTemplate template = new PromptTemplate(text);
    assertThat(template.lead()).isEqualTo(lead);
    assertThat(template.tails(List.of("cat"))).containsExactly(tail);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "$1", "\\", "a{}b", "%s"})
  void aClassNameIsTakenLiterally(String name) {
    PromptTemplate template = new PromptTemplate("a {}.");
    assertThat(template.sentences(List.of(name))).containsExactly("a " + name + ".");
    assertThat(template.tails(List.of(name))).containsExactly(name + ".");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a photo", "{ }", "{0}", "}{", "{} {}", "{}{}", "a {} of {}"})
  void anyOtherNumberOfPlacesThanOneIsRefused(String text) {
    assertThatThrownBy(() -> new PromptTemplate(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("template \"" + text + "\" must contain {} exactly once");
  }
}
