package io.gripstream.workshop.pico.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WorldTest {
  private final World world = new World(11, List.of());

  @Test
  void anIndexAlwaysGivesTheSamePairWhateverThreadAsks() {
    World same = new World(11, List.of());
    List<World.Pair> inOrder = IntStream.range(0, 400).mapToObj(world::pair).toList();
    List<World.Pair> inParallel =
        IntStream.range(0, 400).parallel().mapToObj(i -> same.pair(i)).toList();
    for (int i = 0; i < 400; i++) {
      assertThat(inParallel.get(i).caption()).isEqualTo(inOrder.get(i).caption());
      assertThat(inParallel.get(i).pixels()).isEqualTo(inOrder.get(i).pixels());
    }
  }

  @Test
  void anotherSeedIsAnotherWorld() {
    World other = new World(12, List.of());
    long same =
        IntStream.range(0, 100)
            .filter(i -> Arrays.equals(world.pair(i).pixels(), other.pair(i).pixels()))
            .count();
    assertThat(same).isZero();
  }

  @Test
  void captionsAreVaried() {
    Set<String> captions = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      captions.add(world.pair(i).caption());
    }
    assertThat(captions).hasSizeGreaterThan(1200);
  }

  @Test
  void everyTaskShowsEveryClassInTurn() {
    for (World.Task task : world.tasks()) {
      assertThat(task.template()).contains("{}");
      for (int i = 0; i < task.classes().size(); i++) {
        World.Labelled labelled = world.labelled(task.name(), i);
        assertThat(labelled.label()).isEqualTo(i);
        assertThat(labelled.pixels()).hasSize(World.SIZE * World.SIZE * 3);
      }
    }
  }

  @Test
  void heldOutPicturesAreNoTrainingPictures() {
    Set<Integer> training = new HashSet<>();
    for (int i = 0; i < 3000; i++) {
      training.add(Arrays.hashCode(world.pair(i).pixels()));
    }
    for (int i = 0; i < 300; i++) {
      assertThat(training).doesNotContain(Arrays.hashCode(world.labelled("digits", i).pixels()));
    }
  }

  @Test
  void anUnknownTaskIsRefused() {
    assertThatThrownBy(() -> world.labelled("birds", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("birds");
  }
}
