package io.gripstream.workshop.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.clip.Float16;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureStoreTest {
  private static final String ONE = "1".repeat(64);
  private static final String TWO = "2".repeat(64);
  private static final byte[] FIRST = Float16.encode(new float[] {0.6f, 0.8f, 0});
  private static final byte[] SECOND = Float16.encode(new float[] {0, 0, -1});

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("cache/model.features");
  }

  @Test
  void whatWasAddedIsThereWhenTheFileIsOpenedAgain() throws IOException {
    add(Map.of(ONE, FIRST));
    add(Map.of(TWO, SECOND));
    try (FeatureStore store = new FeatureStore(file, 3)) {
      assertThat(store.get(ONE)).isEqualTo(FIRST);
      assertThat(store.get(TWO)).isEqualTo(SECOND);
      assertThat(store.contains("3".repeat(64))).isFalse();
    }
  }

  @Test
  void aRecordThatAKilledProcessLeftHalfWrittenIsCutOff() throws IOException {
    add(Map.of(ONE, FIRST));
    long whole = Files.size(file);
    Files.write(file, new byte[17], StandardOpenOption.APPEND);
    try (FeatureStore store = new FeatureStore(file, 3)) {
      assertThat(store.get(ONE)).isEqualTo(FIRST);
      store.add(Map.of(TWO, SECOND));
    }
    assertThat(Files.size(file)).isEqualTo(2 * whole);
    try (FeatureStore store = new FeatureStore(file, 3)) {
      assertThat(store.get(TWO)).isEqualTo(SECOND);
    }
  }

  @Test
  void aRecordThatIsNoFeatureDoesNotCount() throws IOException {
    add(Map.of(ONE, FIRST));
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 32, bytes.length, (byte) 0);
    Files.write(file, bytes);
    try (FeatureStore store = new FeatureStore(file, 3)) {
      assertThat(store.contains(ONE)).isFalse();
      store.add(Map.of(ONE, FIRST));
      assertThat(store.get(ONE)).isEqualTo(FIRST);
    }
  }

  @Test
  void twoThatWriteByTurnsLoseNothingAndWriteNothingTwice() throws IOException {
    try (FeatureStore one = new FeatureStore(file, 3);
        FeatureStore other = new FeatureStore(file, 3)) {
      one.add(Map.of(ONE, FIRST));
      other.add(Map.of(ONE, FIRST, TWO, SECOND));
      one.add(Map.of(TWO, SECOND));
      assertThat(one.get(TWO)).isEqualTo(SECOND);
      assertThat(other.get(ONE)).isEqualTo(FIRST);
    }
    assertThat(Files.size(file)).isEqualTo(2 * (32 + 6));
  }

  @Test
  void aFeatureOfAnotherLengthIsRefused() throws IOException {
    try (FeatureStore store = new FeatureStore(file, 4)) {
      assertThatThrownBy(() -> store.add(Map.of(ONE, FIRST)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private void add(Map<String, byte[]> features) throws IOException {
    try (FeatureStore store = new FeatureStore(file, 3)) {
      store.add(features);
    }
  }
}
