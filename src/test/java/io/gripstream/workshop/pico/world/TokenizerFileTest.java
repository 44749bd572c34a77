package io.gripstream.workshop.pico.world;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerFileTest {
  private static HuggingFaceTokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    tokenizer =
        HuggingFaceTokenizer.newInstance(
            TokenizerFile.RESOURCE.toAbsolutePath(), Map.of("padding", "false"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void theShippedFileIsWhatTheWorldsVocabularyGives() throws IOException {
    assertThat(Files.readString(TokenizerFile.RESOURCE)).isEqualTo(TokenizerFile.json());
  }

  @Test
  void everyWordOfEveryCaptionIsOneToken() {
    World world = new World(3, List.of());
    for (int i = 0; i < 20_000; i++) {
      String caption = world.pair(i).caption();
      String[] words = caption.replace(":", " :").replace("-", " - ").trim().split(" +");
      assertThat(tokenizer.encode(caption).getIds())
          .as(caption)
          .hasSize(words.length + 2)
          .hasSizeLessThanOrEqualTo(World.LONGEST_CAPTION + 2);
    }
  }

  @Test
  void classNamesOfEveryTaskAreKnownWords() {
    for (World.Task task : new World(3, List.of()).tasks()) {
      for (String name : task.classes()) {
        assertThat(tokenizer.encode(name).getIds()).as(name).hasSize(name.split(" ").length + 2);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "seven", "A PHOTO of a Forest,\n seen from above!", "Füße 漢字 🙂", "42"})
  void anyTextStandsBetweenStartAndEndAndTheEndIsTheHighestId(String text) {
    Encoding encoding = tokenizer.encode(text);
    long[] ids = encoding.getIds();
    assertThat(encoding.getTokens()).startsWith(TokenizerFile.START).endsWith(TokenizerFile.END);
    long end = ids[ids.length - 1];
    assertThat(IntStream.range(0, ids.length - 1).mapToLong(i -> ids[i])).allMatch(id -> id < end);
    assertThat(Arrays.stream(ids).filter(id -> id == end).count()).isOne();
  }

  @Test
  void caseAndSpaceDoNotMatter() {
    assertThat(tokenizer.encode("  A  Photo of\tSEVEN ").getIds())
        .isEqualTo(tokenizer.encode("a photo of seven").getIds());
  }

  @Test
  void aLongTextIsCutBeforeItsEnd() throws IOException {
    try (HuggingFaceTokenizer cutting =
        HuggingFaceTokenizer.newInstance(
            Path.of(TokenizerFile.RESOURCE.toString()).toAbsolutePath(),
            Map.of("truncation", "true", "maxLength", "8", "padding", "false"))) {
      assertThat(cutting.encode("a red circle ".repeat(9)).getTokens())
          .hasSize(8)
          .endsWith(TokenizerFile.END);
    }
  }
}
