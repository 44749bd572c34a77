package io.gripstream.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages say of commands and of each other. */
class DocumentationTest {
  private static final Pattern COMMAND = Pattern.compile("(?m)^    \\./gripstream ([^\\n]*)$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");
  private static final int MOST_LINES = 150;

  static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(Path.of("README.md"), Path.of("CONTRIBUTING.md")));
    try (Stream<Path> docs = Files.list(Path.of("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyCommandIsUnderstood(Path page) throws IOException {
    COMMAND
        .matcher(Files.readString(page).replace("\\\n", " "))
        .results()
        .map(match -> match.group(1).replaceAll("\\s#.*", "").strip())
        // A shell puts something else in place of a variable.
        .filter(command -> !command.contains("$"))
        .forEach(
            command ->
                assertThatCode(() -> Gripstream.commandLine().parseArgs(words(command)))
                    .as("%s: %s", page, command)
                    .doesNotThrowAnyException());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsToAFile(Path page) throws IOException {
    Path folder = page.toAbsolutePath().getParent();
    LINK.matcher(Files.readString(page))
        .results()
        .forEach(
            link ->
                assertThat(folder.resolve(link.group(1)))
                    .as("%s: %s", page, link.group(1))
                    .exists());
  }

  @Test
  void theReadmeIsShort() throws IOException {
    assertThat(Files.readAllLines(Path.of("README.md"))).hasSizeLessThanOrEqualTo(MOST_LINES);
  }

  /** Splits as a shell does where nothing but double quotes is special. */
  private static String[] words(String command) {
    return Arrays.stream(command.split("\\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)"))
        .map(word -> word.replace("\"", ""))
        .toArray(String[]::new);
  }
}
