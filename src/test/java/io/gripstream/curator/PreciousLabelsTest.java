package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.definition;
import static io.gripstream.curator.Fixtures.zeroShot;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.BatchSample;
import io.gripstream.event.CommandType;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Trigger;
import io.gripstream.refine.train.RoundBatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** People label a few images once; the stream goes on for ever. */
class PreciousLabelsTest {
  private static final int POOL = 10;

  private CuratorDriver curator;
  private int images;
  private RoundBatch last;

  @BeforeEach
  void start(@TempDir Path directory) {
    curator = new CuratorDriver(directory);
    curator.define(task().build());
    curator.candidate(zeroShot(0));
    curator.diary();
  }

  @AfterEach
  void stop() {
    curator.close();
  }

  /** Rounds begin when a test says so. */
  private static TaskDefinition.Builder task() {
    return definition()
        .setPool(new PoolLimits(POOL, 1_000_000L))
        .setTrigger(new Trigger(1_000_000, 0, false));
  }

  @Test
  void twoLabelsPerClassAreStillInTheBatchManyPoolFullsLater() {
    curator.sample("w", "x", "y", "z");
    label("w", "x", "y", "z");
    pass(7 * POOL);
    RoundEvent requested = round(Map.of("w", "cat", "x", "cat", "y", "dog", "z", "dog"));
    assertThat(requested.getMetrics())
        .isEqualTo(Map.of("pool", 10.0, "labelled", 4.0, "labels", 4.0));
    assertThat(requested.getParadigm()).isEqualTo(Paradigm.SSL);
  }

  @Test
  void labelsThatComeBeforeTheirImagesKeepThemToo() {
    label("w", "x", "y", "z");
    pass(3 * POOL);
    curator.sample("w", "x", "y", "z");
    pass(7 * POOL);
    round(Map.of("w", "cat", "x", "cat", "y", "dog", "z", "dog"));
  }

  @Test
  void labelsOfImagesThatLeftOrNeverCameAreCountedButNotJoined() {
    curator.sample("w", "x");
    pass(2 * POOL);
    label("w", "x", "y", "z");
    RoundEvent requested = round(Map.of());
    assertThat(requested.getMetrics())
        .isEqualTo(Map.of("pool", 10.0, "labelled", 0.0, "labels", 4.0));
    assertThat(requested.getParadigm()).isEqualTo(Paradigm.UL);
    assertThat(requested.getMessage())
        .isEqualTo("from version 0, with 10 samples, 0 of them labelled: UL");
  }

  @Test
  void aLabelThatIsTakenBackMakesItsSampleOrdinaryAgain() {
    curator.sample("w", "y");
    curator.label("w", "cat");
    curator.label("y", "dog");
    pass(3 * POOL);
    curator.label("w", null);
    pass(POOL);
    round(Map.of("y", "dog"));
    assertThat(present("w")).isFalse();
  }

  @Test
  void aLabelOfAClassThatIsNoMoreKeepsNothing() {
    curator.sample("w", "y");
    curator.label("w", "cat");
    curator.label("y", "dog");
    pass(3 * POOL);
    List<String> classes = List.of("dog", "owl");
    curator.define(task().setClasses(classes).build());
    curator.candidate(Fixtures.sealed(Fixtures.prompt(90).setClasses(classes)));
    pass(2 * POOL);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.PROMOTED);
    RoundEvent requested = round(Map.of("y", "dog"));
    assertThat(present("w")).isFalse();
    assertThat(requested.getMetrics()).containsEntry("labels", 1.0);
    assertThat(requested.getParadigm()).isEqualTo(Paradigm.TRZSL);
  }

  @Test
  void whenAllIsLabelledHalfOfThePoolIsStillForWhatComes() {
    for (int i = 0; i < 3 * POOL; i++) {
      curator.label("labelled-" + i, "cat");
      curator.sample("labelled-" + i);
    }
    pass(3 * POOL);
    curator.command(CommandType.REFINE_NOW, null);
    last = RoundBatch.assemble(curator.batches());
    assertThat(last.samples()).hasSize(POOL);
    assertThat(last.samples()).filteredOn(s -> s.getLabel() != null).hasSize(POOL / 2);
    assertThat(present("image-" + (images - 1))).isTrue();
  }

  @Test
  void aPinnedParadigmIsSaidAsSoonAsThereIsALabel() {
    curator.define(task().setParadigm(Paradigm.UL).build());
    curator.sample("w");
    curator.label("w", "cat");
    pass(POOL);
    assertThat(round(Map.of("w", "cat")).getParadigm()).isEqualTo(Paradigm.UL);
    curator.define(task().setParadigm(Paradigm.AUTO).build());
    assertThat(round(Map.of("w", "cat")).getParadigm()).isEqualTo(Paradigm.TRZSL);
  }

  @Test
  void labelsAloneDoNotMakeARoundDue() {
    curator.define(task().setTrigger(new Trigger(POOL + 1, 0, false)).build());
    pass(POOL);
    for (int i = 0; i < 2 * POOL; i++) {
      curator.label("image-" + i, "cat");
    }
    assertThat(curator.diary()).isEmpty();
    pass(1);
    assertThat(curator.diaryTypes()).containsExactly(RoundEventType.REQUESTED);
  }

  /** Two per class: the first two are cats. */
  private void label(String... imageIds) {
    for (int i = 0; i < imageIds.length; i++) {
      curator.label(imageIds[i], i < 2 ? "cat" : "dog");
    }
  }

  /** Images that nobody labels. */
  private void pass(int count) {
    for (int i = 0; i < count; i++) {
      curator.sample("image-" + images++);
    }
  }

  /** Has a round requested and returns the entry, if it joined these labels and no others. */
  private RoundEvent round(Map<String, String> labels) {
    curator.command(CommandType.REFINE_NOW, null);
    List<RoundEvent> diary = curator.diary();
    assertThat(diary).extracting(RoundEvent::getType).containsExactly(RoundEventType.REQUESTED);
    last = RoundBatch.assemble(curator.batches());
    Map<String, String> joined = new TreeMap<>();
    for (BatchSample sample : last.samples()) {
      if (sample.getLabel() != null) {
        joined.put(sample.getImageId(), sample.getLabel());
      }
    }
    assertThat(joined).isEqualTo(labels);
    curator.refiner(RoundEventType.FAILED, diary.get(0).getRound());
    return diary.get(0);
  }

  private boolean present(String imageId) {
    return last.samples().stream().anyMatch(sample -> sample.getImageId().equals(imageId));
  }
}
