package io.gripstream.clip;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * CLIP's tokenizer, from a {@code tokenizer.json}. Thread-safe.
 *
 * <p>With OpenAI's file the ids are OpenAI's. One thing differs, as it does wherever that file is
 * used: texts are encoded as they stand, while OpenAI's own code first repairs mojibake,
 * straightens typographic quotes and resolves HTML entities.
 */
public final class ClipTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;
  private final int length;

  /**
   * @param length the longest text in tokens, start and end included; what is longer loses its
   *     tail, never its end token
   */
  public ClipTokenizer(Path file, int length) throws IOException {
    this.length = length;
    tokenizer =
        HuggingFaceTokenizer.newInstance(
            file,
            Map.of("truncation", "true", "maxLength", String.valueOf(length), "padding", "false"));
  }

  /**
   * Reads a model's tokenizer.
   *
   * <p>A text's feature is the state at the last token that the tokenizer gives, which therefore
   * has to be the end token. What a configuration calls {@code eos_token_id} plays no part:
   * OpenAI's first ones say 2 there, and mean the largest id of a text, which is the end token's.
   *
   * @throws IOException when the file is no tokenizer, or not one of this model
   */
  public static ClipTokenizer read(Path file, ClipConfig.Text text) throws IOException {
    ClipTokenizer tokenizer;
    try {
      tokenizer = new ClipTokenizer(file, text.length());
    } catch (RuntimeException e) {
      // The native library's only kind of exception.
      throw new IOException(file + " is no tokenizer", e);
    }
    long[] empty = tokenizer.encode("");
    if (empty.length != 2 || Math.max(empty[0], empty[1]) >= text.vocabulary()) {
      tokenizer.close();
      throw new IOException(
          file + " puts no start and end token of the model's vocabulary around a text");
    }
    return tokenizer;
  }

  /** Token ids of a text, with start and end. */
  public long[] encode(String text) {
    return tokenizer.encode(text, true, false).getIds();
  }

  /** Like {@link #encode(String)}, but empty when the text would lose its tail. */
  public Optional<long[]> encodeWhole(String text) {
    Encoding encoding = tokenizer.encode(text, true, false);
    return encoding.exceedMaxLength() ? Optional.empty() : Optional.of(encoding.getIds());
  }

  /** The longest text in tokens, start and end included. */
  public int length() {
    return length;
  }

  /**
   * Several texts as one matrix: rows are filled up behind their end token.
   *
   * @param ids {@code [N, L]}, row-major, where {@code L} is the longest text's length
   * @param ends {@code [N]}, where each row's end token is
   */
  public record Batch(long[] ids, int rows, int columns, long[] ends) {}

  public Batch encode(List<String> texts) {
    return pad(texts.stream().map(this::encode).toList());
  }

  /**
   * Like {@link #encode(List)}, without the start token: what follows a learnt prefix of {@code
   * prefix} tokens.
   */
  public Batch encodeSuffixes(List<String> texts, int prefix) {
    List<long[]> rows =
        texts.stream()
            .map(this::encode)
            .map(ids -> Arrays.copyOfRange(ids, 1, ids.length))
            .toList();
    int longest = rows.stream().mapToInt(ids -> ids.length).max().orElse(0);
    if (prefix + longest > length) {
      throw new IllegalArgumentException(
          "a prefix of %d tokens and a class of %d are more than the model's %d"
              .formatted(prefix, longest, length));
    }
    return pad(rows);
  }

  private static Batch pad(List<long[]> rows) {
    int columns = rows.stream().mapToInt(ids -> ids.length).max().orElse(0);
    long[] ids = new long[rows.size() * columns];
    long[] ends = new long[rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      long[] row = rows.get(i);
      System.arraycopy(row, 0, ids, i * columns, row.length);
      ends[i] = row.length - 1;
    }
    return new Batch(ids, rows.size(), columns, ends);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
