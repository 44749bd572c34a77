package io.gripstream.workshop.experiment.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.workshop.experiment.ExperimentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuiteFileTest {
  @TempDir private Path folder;

  @Test
  void setsAndModelsAreReadAndPathsBeginAtTheFile() throws IOException {
    SuiteFile file =
        read(
            """
            {"sets": [{"name": "a", "path": "a.zip"},
                      {"name": "b", "path": "/b", "template": "the {}", "folders": {"0": "zero"}}],
             "models": [{"name": "pico"}, {"name": "mini", "folder": "m"}]}
            """);
    assertThat(file.sets().get(0).path()).isEqualTo(folder.resolve("a.zip"));
    assertThat(file.sets().get(0).template()).isEqualTo("a photo of a {}");
    assertThat(file.sets().get(1).path()).isEqualTo(Path.of("/b"));
    assertThat(file.sets().get(1).naming().folderClasses()).isEqualTo(Map.of("0", "zero"));
    assertThat(file.models())
        .extracting(SuiteFile.ModelSource::model)
        .containsExactly("pico", folder.resolve("m").toString());
  }

  @Test
  void namesChooseAndAModelThatTheFileDoesNotHaveIsTakenByItsName() throws IOException {
    SuiteFile file =
        read("{\"sets\": [{\"name\":\"a\",\"path\":\"a\"},{\"name\":\"b\",\"path\":\"b\"}]}");
    assertThat(file.models()).extracting(SuiteFile.ModelSource::model).containsExactly("pico");
    SuiteFile some = file.only(List.of("b"), List.of("openai/clip"));
    assertThat(some.sets()).extracting(SuiteFile.Source::name).containsExactly("b");
    assertThat(some.models())
        .extracting(SuiteFile.ModelSource::model)
        .containsExactly("openai/clip");
    assertThatThrownBy(() -> file.only(List.of("c"), List.of()))
        .isInstanceOf(ExperimentException.class)
        .hasMessage("there is no set c, only [a, b]");
  }

  @Test
  void aFileThatIsNotUnderstoodIsRefused() {
    assertThatThrownBy(() -> SuiteFile.read(folder.resolve("none.json")))
        .isInstanceOf(ExperimentException.class);
    for (String text :
        List.of(
            "{",
            "{\"sets\": []}",
            "{\"sets\": [{\"name\": \"a\"}]}",
            "{\"sets\": [{\"name\": \"a\", \"path\": \"a\", \"templates\": \"x\"}]}",
            "{\"sets\": [{\"name\":\"a\",\"path\":\"a\"},{\"name\":\"a\",\"path\":\"b\"}]}")) {
      assertThatThrownBy(() -> read(text)).as(text).isInstanceOf(ExperimentException.class);
    }
  }

  private SuiteFile read(String text) throws IOException {
    return SuiteFile.read(Files.writeString(folder.resolve("suite.json"), text));
  }
}
