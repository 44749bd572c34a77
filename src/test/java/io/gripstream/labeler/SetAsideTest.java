package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.ImageEvent;
import io.gripstream.labeler.Assignment.Label;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SetAsideTest {
  private static final TopicPartition PARTITION = new TopicPartition("images", 0);
  private static final List<String> TASKS = List.of("a", "b & c", "d=e");

  /** One partition's events and a labeler that is aborted, killed and let down by its handler. */
  private static final class Play {
    private final Random random;
    private final List<Set<String>> events = new ArrayList<>();
    private final Set<String> waiting = new TreeSet<>(TASKS);
    private final List<Integer> labelled = new ArrayList<>();
    private final List<Integer> pending = new ArrayList<>();
    private SetAside aside = new SetAside(() -> waiting);
    private OffsetAndMetadata committed;
    private int resume;
    private int position;

    Play(long seed, int count) {
      random = new Random(seed);
      for (int i = 0; i < count; i++) {
        Set<String> tasks = new TreeSet<>();
        tasks.add(TASKS.get(random.nextInt(TASKS.size())));
        if (random.nextInt(4) == 0) {
          tasks.add(TASKS.get(random.nextInt(TASKS.size())));
        }
        events.add(tasks);
      }
      aside.restore(PARTITION, null);
    }

    void step() {
      switch (random.nextInt(12)) {
        case 0 -> toggle();
        case 1 -> abort();
        case 2 -> kill();
        case 3, 4, 5 -> commit();
        default -> handle(random.nextInt(6) == 0);
      }
    }

    private void toggle() {
      String task = TASKS.get(random.nextInt(TASKS.size()));
      if (!waiting.remove(task)) {
        waiting.add(task);
      }
    }

    private void abort() {
      aside.restore(PARTITION, committed);
      pending.clear();
      position = resume;
    }

    private void kill() {
      aside = new SetAside(() -> waiting);
      resume = committed == null ? 0 : (int) committed.offset();
      abort();
    }

    private void handle(boolean fails) {
      int end = Math.min(events.size(), position + 1 + random.nextInt(4));
      SetAside.Draft draft = aside.draft();
      List<Integer> made = new ArrayList<>();
      for (int offset = position; offset < end; offset++) {
        Set<String> tasks = events.get(offset);
        Arrival arrival =
            new Arrival(
                new ConsumerRecord<>("images", 0, offset, new byte[0], new byte[0]),
                "image",
                ImageEvent.newBuilder().build(),
                tasks);
        if (aside.due(arrival) && draft.decide(arrival, () -> verdict(tasks)).isPresent()) {
          made.add(offset);
        }
      }
      if (!fails) {
        draft.adopt();
        pending.addAll(made);
        position = end;
      }
    }

    private Verdict verdict(Set<String> tasks) {
      Set<String> missing = new HashSet<>(tasks);
      missing.retainAll(waiting);
      return missing.isEmpty() ? new Label(List.of()) : new Wait("no prompt", missing);
    }

    void commit() {
      committed = aside.bookmark(PARTITION, new OffsetAndMetadata(position));
      labelled.addAll(pending);
      pending.clear();
      resume = position;
      OptionalLong from = aside.goBack(PARTITION);
      if (from.isPresent()) {
        position = (int) from.getAsLong();
        resume = position;
      }
    }

    void finish() {
      waiting.clear();
      for (int i = 0; i < 20 * events.size(); i++) {
        handle(false);
        commit();
      }
    }
  }

  /** Aborted, killed and failing at random while prompts come and go. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void everyEventIsLabelledOnceAndThoseOfATaskInTheirOrder(int block) {
    for (int seed = block * 400; seed < (block + 1) * 400; seed++) {
      Play play = new Play(seed, 40);
      for (int i = 0; i < 300; i++) {
        play.step();
      }
      play.finish();
      assertThat(play.labelled)
          .as("seed %d", seed)
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 40).boxed().toList());
      assertThat(play.committed.offset()).isEqualTo(40);
      assertThat(play.committed.metadata()).isEmpty();
      for (String task : TASKS) {
        assertThat(play.labelled)
            .as("seed %d, task %s", seed, task)
            .filteredOn(offset -> play.events.get(offset).equals(Set.of(task)))
            .isSorted();
      }
    }
  }

  @Test
  void anAccountThatABrokerWouldNotTakeIsNotMade() {
    SetAside aside = new SetAside(Set::of);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 4000; i++) {
                String task = "task " + i;
                SetAside.Draft draft = aside.draft();
                draft.decide(
                    new Arrival(
                        new ConsumerRecord<>("images", 0, i, new byte[0], new byte[0]),
                        "image",
                        ImageEvent.newBuilder().build(),
                        Set.of(task)),
                    () -> new Wait("no prompt", Set.of(task)));
                draft.adopt();
              }
            })
        .isInstanceOf(PromptsAwaitedException.class);
    assertThat(aside.bookmark(PARTITION, new OffsetAndMetadata(1)).metadata().length())
        .isLessThan(4096);
  }

  @Test
  void metadataOfOthersIsIgnored() {
    SetAside aside = new SetAside(Set::of);
    for (String foreign : List.of("hello", "a=b", "=", "%=1")) {
      aside.restore(PARTITION, new OffsetAndMetadata(7, foreign));
      assertThat(aside.goBack(PARTITION)).isEmpty();
      assertThat(aside.bookmark(PARTITION, new OffsetAndMetadata(8)).offset()).isEqualTo(8);
    }
  }
}
