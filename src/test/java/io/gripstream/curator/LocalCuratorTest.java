package io.gripstream.curator;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalCuratorTest {
  @TempDir private Path directory;

  private final List<RefinementBatch> batches = new ArrayList<>();
  private final List<Integer> prompts = new ArrayList<>();
  private final List<RoundEvent> diary = new ArrayList<>();
  private final LocalCurator local =
      new LocalCurator(
          Fixtures.TASK,
          Fixtures.GATE::judge,
          new LocalCurator.Output() {
            @Override
            public void batch(RefinementBatch chunk) {
              batches.add(chunk);
            }

            @Override
            public void prompt(PromptVersion live) {
              prompts.add(live.getVersion());
            }

            @Override
            public void round(RoundEvent event) {
              diary.add(event);
            }
          });

  /** The driver's records are a second apart. */
  private Instant now = CuratorDriver.CLOCK;

  @Test
  void itWritesWhatTheTopologyWrites() {
    PromptVersion zeroShot = Fixtures.zeroShot(0);
    PromptVersion better = Fixtures.trained(1, 1, zeroShot, 1);
    PromptVersion worse = Fixtures.trained(2, 2, better, -1);
    try (CuratorDriver driver =
        new CuratorDriver(
            directory,
            Fixtures.GATE,
            org.apache.kafka.streams.state.Stores::persistentKeyValueStore)) {
      driver.define(Fixtures.definition().build());
      local.define(Fixtures.definition().build(), tick());
      candidate(driver, zeroShot);
      samples(driver, "a", "b", "c", "d");
      candidate(driver, better);
      samples(driver, "e", "f", "g", "a");
      candidate(driver, worse);
      samples(driver, "h", "i", "j", "k");
      driver.refiner(RoundEventType.FAILED, 3);
      local.refiner(Fixtures.refiner(RoundEventType.FAILED, 3), tick());
      samples(driver, "l", "m", "n", "o");
      List<RefinementBatch> theirs = driver.batches();
      assertThat(batches).isEqualTo(theirs).hasSize(4);
      assertThat(prompts).isEqualTo(driver.prompts()).containsExactly(0, 1);
    }
    assertThat(diary)
        .extracting(RoundEvent::getType)
        .containsExactly(
            RoundEventType.PROMOTED,
            RoundEventType.REQUESTED,
            RoundEventType.PROMOTED,
            RoundEventType.REQUESTED,
            RoundEventType.HELD,
            RoundEventType.REQUESTED,
            RoundEventType.REQUESTED);
  }

  private void candidate(CuratorDriver driver, PromptVersion candidate) {
    driver.candidate(candidate);
    local.candidate(candidate, tick());
  }

  private void samples(CuratorDriver driver, String... imageIds) {
    for (String imageId : imageIds) {
      driver.sample(imageId);
      local.sample(Fixtures.sample(imageId), tick());
    }
  }

  private Instant tick() {
    now = now.plusSeconds(1);
    return now;
  }
}
