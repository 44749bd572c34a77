package io.gripstream.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gripstream.GripstreamConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  @TempDir private Path folder;

  private record Given(Optional<Path> keys, boolean open) implements GripstreamConfig.Access {}

  private Access withFile(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), content);
    return Access.of(new Given(Optional.of(file), false), "0.0.0.0");
  }

  @Test
  void aKeyIsFoundByItselfAndByNothingElse() throws IOException {
    String secret = Key.secret();
    Key key = Key.of("ann", KeyRole.LABELLER, secret);
    Access access =
        withFile(
            "# who may label\n\n  %s  \n\tbob\tviewer  %s\n"
                .formatted(key.line(), DIGEST.toUpperCase()));

    assertThat(access.open()).isFalse();
    assertThat(access.find(secret)).contains(key);
    assertThat(access.find(secret + " ")).isEmpty();
    assertThat(access.find("")).isEmpty();
    assertThat(access.find(key.sha256())).isEmpty();
    assertThat(Key.secret()).isNotEqualTo(secret).matches("[A-Za-z0-9_-]{43}");
  }

  /** As editors of Windows write it. */
  @Test
  void aMarkAtTheBeginningAndReturnsAreNoPartOfTheLines() throws IOException {
    for (String first : List.of("ann\tviewer\t" + Key.digest("x"), "# name")) {
      Access access = withFile("\uFEFF%s\r\nbob viewer %s\r\n".formatted(first, Key.digest("y")));
      assertThat(access.find("y")).isPresent();
      assertThat(access.find("x").isPresent()).isEqualTo(first.startsWith("ann"));
    }
  }

  @Test
  void aRoleMayDoWhatThoseBeforeItMay() {
    assertThat(KeyRole.VIEWER.words()).containsExactly("viewer");
    assertThat(KeyRole.LABELLER.words()).containsExactlyInAnyOrder("viewer", "labeller");
    assertThat(KeyRole.OPERATOR.words())
        .containsExactlyInAnyOrder("viewer", "labeller", "operator");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ann viewer                | keys, line 2: expected: name role sha256",
        "ann viewer DIGEST x       | keys, line 2: expected: name role sha256",
        "ann painter DIGEST        | keys, line 2: a role is viewer, labeller or operator",
        "ann viewer EMPTY          | keys, line 2: this is the SHA-256 of no key at all",
        "ann viewer BREAK          | keys, line 2: this is the SHA-256 of no key at all",
        "ann VIEWER DIGEST         | keys, line 2: a role is viewer, labeller or operator",
        "ann viewer my-own-secret  | keys, line 2: a SHA-256 has 64 hexadecimal digits",
        "'\"ann\" viewer DIGEST'   | keys, line 2: a name has",
        "bob viewer DIGEST         | keys, line 2: this name, or this key, has a line above",
        "ann operator OTHER        | keys, line 2: this name, or this key, has a line above"
      })
  void aBadLineIsNamedInOneLineThatDoesNotRepeatIt(String line, String says) {
    String other = Key.digest("other");
    String first = "bob viewer " + other + "\n";
    String bad =
        line.replace("DIGEST", DIGEST)
                .replace("OTHER", other)
                .replace("EMPTY", Key.digest(""))
                .replace("BREAK", Key.digest("\n"))
            + "\n";

    assertThatIllegalArgumentException()
        .isThrownBy(() -> withFile(first + bad))
        .withMessageContaining(says)
        .withMessageMatching("[^\\n]*")
        .withMessageNotContaining("my-own-secret")
        .withMessageNotContaining(DIGEST);
  }

  @Test
  void aFileWithoutKeysAndOneThatIsNoTextOrNotThereAreRefused() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> withFile("# nobody yet\n"))
        .withMessageContaining("holds no key");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, 0, 1});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Access.of(new Given(Optional.of(binary), false), "localhost"))
        .withMessageContaining("cannot be read");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Access.of(new Given(Optional.of(folder.resolve("none")), false), "localhost"))
        .withMessageContaining("there is no file of keys");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"})
  void nobodyNeedsAKeyWhereOnlyThisMachineComes(String host) {
    assertThat(Access.of(new Given(Optional.empty(), false), host).open()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.7", "no-such-host.invalid"})
  void elsewhereSomebodyMustHaveSaidSo(String host) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Access.of(new Given(Optional.empty(), false), host))
        .withMessageContaining("gripstream.access.keys")
        .withMessageContaining("gripstream.access.open=true");
    assertThat(Access.of(new Given(Optional.empty(), true), host).open()).isTrue();
  }

  @Test
  void keysAndOpenExcludeEachOther() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Access.of(new Given(Optional.of(folder), true), "localhost"))
        .withMessageContaining("set one of them");
  }
}
