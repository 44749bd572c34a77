package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubModelTest {
  @ParameterizedTest
  @CsvSource({
    "openai/clip-vit-base-patch32, openai/clip-vit-base-patch32, main",
    "laion/CLIP-ViT-B-32-laion2B-s34B-b79K, laion/CLIP-ViT-B-32-laion2B-s34B-b79K, main",
    "openai/clip-vit-large-patch14@v1.0, openai/clip-vit-large-patch14, v1.0",
    "a/b_c.d@refs/pr/12, a/b_c.d, refs/pr/12"
  })
  void aNameHasAnOwnerAndMayHaveARevision(String text, String title, String revision) {
    HubModel model = HubModel.parse(text).orElseThrow();

    assertThat(model.title()).isEqualTo(title);
    assertThat(model.revision()).isEqualTo(revision);
    assertThat(HubModel.parse(model.toString())).contains(model);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "pico", "/", "a/", "/b", "a/b/c", "a@b", "/data/models/clip"})
  void whatHasAnotherFormIsNoName(String text) {
    assertThat(HubModel.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../b", "a/..", "./b", "a/.git", "a/b..c", "a b/c", "a/b c", "a/b?x", "a/b#x", "a/b%2e",
        "a\\b/c", "a/b:c", "-a/b", "a/b-", "a/b.", "ä/b", "a/\u0000", "a/b@", "a/b@..",
            "a/b@x/../y",
        "a/b@x//y", "a/b@/x", "a/b@x/", "a/b@x y", "a/b@x@y", "a/b@x%2Fy", "a/b@x\\y", "a/b\n"
      })
  void charactersThatNoNameMayHoldAreRefused(String text) {
    assertThatThrownBy(() -> HubModel.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of a model on a hub cannot be");
  }

  @Test
  void aNameOfAnyLengthIsNotOne() {
    assertThatThrownBy(() -> HubModel.parse("a/" + "b".repeat(1000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bbb...");
  }

  @Test
  void eachRevisionHasAFolderOfItsOwnAndStaysOnePartOfThePath() {
    HubModel model = HubModel.parse("a/b@refs/pr/12").orElseThrow();

    assertThat(model.folder(Path.of("cache"))).isEqualTo(Path.of("cache/a/b/refs%2Fpr%2F12"));
    assertThat(model.urlPath(model.revision(), "config.json"))
        .isEqualTo("/a/b/resolve/refs%2Fpr%2F12/config.json");
  }
}
