package io.gripstream.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.gripstream.cli.Tasks;
import io.gripstream.clip.Digests;
import io.gripstream.task.TaskCases;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class GripstreamTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @ValueSource(
      strings = {"demo", "serve", "send", "watch", "fetch-model", "draw-model", "pretrain"})
  void everyCommandExplainsItself(String command) {
    assertThat(execute(command, "--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: gripstream " + command).contains("Default");
    assertThat(execute("--help")).isZero();
    assertThat(out.toString()).contains("\n  " + command);
  }

  @Test
  void withoutACommandTheChoicesAreShown() {
    assertThat(execute()).isEqualTo(2);
    assertThat(err.toString()).startsWith("Which command?").contains("demo");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "demo --for soon                    | expected a length of time such as 90s",
        "demo --rate 0                      | expected images a second, above 0",
        "demo --report r.json               | --report needs --for",
        "demo --stream nothing              | --stream",
        "serve --roles painter              | LABELER",
        "send --task digits                 | FOLDER|ZIP",
        "send pictures                      | --task",
        "send --task t --passes 0 x         | expected at least 1",
        "send --task t --report r.json x    | --report needs --truth-from-folders",
        "send --task t --template a_{} x    | --template belongs to --define-classes",
        "send --task t --define-classes a x | must be at least two",
        "send --task T --define-classes a,b x | name must match",
        "send --task t --define-classes Polish,polish x | \"Polish\"",
        "watch clouds                       | one of predictions, prompts, rounds, candidates, tasks",
        "fetch-model                        | OWNER/NAME",
        "fetch-model pico                   | expected a name on a hub",
        "fetch-model ../x                   | cannot be",
        "fetch-model a/b --hub ftp://x      | https://host",
        "fetch-model a/b --sha256 12        | 64 hexadecimal digits",
        "draw-model x                       | --shapes",
        "draw-model --shapes vit-z x        | vit-b-32",
        "keys                               | Which command?",
        "keys create ann                    | ROLE",
        "keys create ann painter            | VIEWER",
        "keys create a/b viewer             | NAME: a name has at most 64 letters",
        "fly                                | fly"
      })
  void badArgumentsSayWhatIsExpected(String line, String expected) {
    assertThat(execute(line.trim().split(" +"))).isEqualTo(2);
    assertThat(err.toString()).contains(expected);
  }

  @ParameterizedTest
  @CsvSource({"watch clouds", "send pictures", "labels export --task t --format xml", "serve --x"})
  void whatIsWrongIsNotBuriedBelowTheHelp(String line) {
    assertThat(execute(line.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines())
        .hasSize(2)
        .last(STRING)
        .matches("\\(gripstream [a-z ]+ --help shows more\\)");
    assertThat(execute("fly")).isEqualTo(2);
    assertThat(err.toString()).contains("Commands:");
  }

  @Test
  void noProducerOfOursWritesADefinitionThatBreaksTheRules() {
    assertThat(TaskCases.outside())
        .allSatisfy(
            each ->
                // No broker is asked, or this would fail otherwise.
                assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tasks.define(null, null, null, "t", each.definition()))
                    .withMessageStartingWith(each.path()));
  }

  @Test
  void aKeyIsPrintedWithItsLineWhichDoesNotTellIt() {
    assertThat(execute("keys", "create", "ann", "labeller")).isZero();
    assertThat(out.toString())
        .matches("key   [\\w-]{43}\\R" + "line  ann labeller [0-9a-f]{64}\\R");
    String key = out.toString().substring(6, 49);
    assertThat(out.toString())
        .endsWith(Digests.sha256(key.getBytes(UTF_8)) + System.lineSeparator());
  }

  @Test
  void aMissingFolderIsAFailureInOneLine() {
    assertThat(execute("send", "--task", "digits", "/no/such/folder")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo("gripstream: there is no folder or zip archive /no/such/folder\n");
  }

  private int execute(String... arguments) {
    CommandLine line = Gripstream.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }
}
