package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the ids of OpenAI's own tokenizer: {@code src/test/python/openai_tokens.py}. */
class ClipTokenizerTest {
  private static final int LENGTH = 77;
  private static final long START = 49406;
  private static final long END = 49407;

  private static ClipTokenizer tokenizer;

  /** A text and OpenAI's ids for it, start and end included, not truncated. */
  record Expected(String text, long[] ids) {
    @Override
    public String toString() {
      return '"' + text.strip() + '"';
    }
  }

  @BeforeAll
  static void open() throws Exception {
    tokenizer = new ClipTokenizer(resource("openai-tokenizer.json"), LENGTH);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @ParameterizedTest
  @MethodSource("texts")
  void idsEqualThoseOfOpenAi(Expected expected) throws Exception {
    try (ClipTokenizer unlimited = new ClipTokenizer(resource("openai-tokenizer.json"), 512)) {
      assertThat(unlimited.encode(expected.text())).containsExactly(expected.ids());
    }
  }

  @ParameterizedTest
  @MethodSource("texts")
  void whatIsTooLongLosesItsTailButNotItsEndToken(Expected expected) {
    long[] cut = Arrays.copyOf(expected.ids(), Math.min(LENGTH, expected.ids().length));
    cut[cut.length - 1] = END;
    assertThat(tokenizer.encode(expected.text())).containsExactly(cut);
  }

  @Test
  void someTextsAreLongerThanTheModel() throws Exception {
    assertThat(texts()).filteredOn(text -> text.ids().length > LENGTH).hasSizeGreaterThan(1);
  }

  @Test
  void anEmptyTextIsStartAndEnd() {
    assertThat(tokenizer.encode("")).containsExactly(START, END);
    assertThat(tokenizer.encode(" \n\t")).containsExactly(START, END);
  }

  @Test
  void rowsOfAMatrixAreFilledUpBehindTheirEnd() {
    long[] one = tokenizer.encode("a");
    long[] other = tokenizer.encode("a photo of a cat");
    ClipTokenizer.Batch batch = tokenizer.encode(List.of("a", "a photo of a cat"));
    assertThat(batch.rows()).isEqualTo(2);
    assertThat(batch.columns()).isEqualTo(other.length);
    assertThat(batch.ends()).containsExactly(one.length - 1, other.length - 1);
    assertThat(row(batch, 0)).startsWith(one);
    assertThat(row(batch, 1)).containsExactly(other);
    assertThat(tokenizer.encode(List.of()).ids()).isEmpty();
  }

  @Test
  void aSuffixHasNoStartToken() {
    ClipTokenizer.Batch batch = tokenizer.encodeSuffixes(List.of("a cat", "a"), 5);
    long[] cat = tokenizer.encode("a cat");
    assertThat(row(batch, 0)).containsExactly(Arrays.copyOfRange(cat, 1, cat.length));
    assertThat(batch.ends()).containsExactly(2, 1);
    assertThat(batch.ids()).doesNotContain(START);
  }

  @Test
  void aPrefixAndAClassThatAreLongerThanTheModelAreRefused() {
    List<String> classes = List.of("a cat");
    assertThat(tokenizer.encodeSuffixes(classes, LENGTH - 3).columns()).isEqualTo(3);
    assertThatThrownBy(() -> tokenizer.encodeSuffixes(classes, LENGTH - 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a prefix of 75 tokens and a class of 3 are more than the model's 77");
  }

  static List<Expected> texts() throws Exception {
    List<Expected> texts = new ArrayList<>();
    for (JsonNode text : new ObjectMapper().readTree(resource("openai-tokens.json").toFile())) {
      long[] ids = new long[text.get("ids").size()];
      Arrays.setAll(ids, i -> text.get("ids").get(i).asLong());
      texts.add(new Expected(text.get("text").asText(), ids));
    }
    return texts;
  }

  private static long[] row(ClipTokenizer.Batch batch, int row) {
    return Arrays.copyOfRange(batch.ids(), row * batch.columns(), (row + 1) * batch.columns());
  }

  private static Path resource(String name) throws IOException, URISyntaxException {
    return Path.of(
        Objects.requireNonNull(ClipTokenizerTest.class.getResource("/clip/" + name)).toURI());
  }
}
