package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.Position;
import io.gripstream.labeler.Assignment.Away;
import io.gripstream.labeler.Assignment.Label;
import io.gripstream.labeler.Assignment.Verdict;
import io.gripstream.labeler.Assignment.Wait;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
  private static final List<String> PLACES = List.of("s3://photos", "https://a:8443");

  /** One partition's events and a labeler that is aborted, killed and let down by its handler. */
  private static final class Play {
    private final Random random;
    private final List<Set<String>> events = new ArrayList<>();
    private final List<String> places = new ArrayList<>();
    private final Set<String> waiting = new TreeSet<>(TASKS);
    private final Set<String> away = new HashSet<>();
    private final Set<Integer> asked = new HashSet<>();
    private final List<Integer> labelled = new ArrayList<>();
    private final List<Integer> pending = new ArrayList<>();
    private long clock;
    private SetAside aside = aside();
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
        events.add(random.nextInt(8) == 0 ? Set.of() : tasks);
        places.add(random.nextInt(2) == 0 ? null : PLACES.get(random.nextInt(PLACES.size())));
      }
      aside.restore(PARTITION, null);
    }

    private SetAside aside() {
      return new SetAside(
          () -> waiting,
          image ->
              asked.contains((int) image.offset())
                  ? Optional.of(!away.contains(places.get((int) image.offset())))
                  : Optional.empty(),
          () -> clock);
    }

    void step() {
      clock++;
      switch (random.nextInt(12)) {
        case 0 -> toggle(waiting, TASKS);
        case 6 -> toggle(away, PLACES);
        case 1 -> abort();
        case 2 -> kill();
        case 3, 4, 5 -> commit();
        default -> handle(random.nextInt(6) == 0);
      }
    }

    private void toggle(Set<String> some, List<String> all) {
      String one = all.get(random.nextInt(all.size()));
      if (!some.remove(one)) {
        some.add(one);
      }
    }

    private void abort() {
      aside.restore(PARTITION, committed);
      pending.clear();
      position = resume;
    }

    private void kill() {
      asked.clear();
      aside = aside();
      resume = committed == null ? 0 : (int) committed.offset();
      abort();
    }

    private void handle(boolean fails) {
      int end = Math.min(events.size(), position + 1 + random.nextInt(4));
      SetAside.Draft draft = aside.draft();
      List<Integer> made = new ArrayList<>();
      for (int offset = position; offset < end; offset++) {
        Set<String> tasks = events.get(offset);
        String place = places.get(offset);
        Arrival arrival =
            new Arrival(
                new ConsumerRecord<>("images", 0, offset, new byte[0], new byte[0]),
                "image",
                ImageEvent.newBuilder().setUri(place == null ? null : place + "/a.png").build(),
                tasks);
        Verdict verdict = verdict(tasks, place);
        if (aside.due(arrival)) {
          boolean done = draft.decide(arrival, verdict);
          if (done) {
            made.add(offset);
          }
          if (done || verdict instanceof Wait) {
            asked.remove(offset);
          } else if (verdict instanceof Away) {
            asked.add(offset);
          }
        }
      }
      if (!fails) {
        draft.adopt();
        pending.addAll(made);
        position = end;
      }
    }

    private Verdict verdict(Set<String> tasks, String place) {
      Set<String> missing = new HashSet<>(tasks);
      missing.retainAll(waiting);
      if (!missing.isEmpty()) {
        return new Wait("no prompt", missing);
      }
      return away.contains(place) ? new Away("no answer", place) : new Label(List.of());
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
      away.clear();
      for (int i = 0; i < 20 * events.size(); i++) {
        clock++;
        handle(false);
        commit();
      }
    }
  }

  /** Aborted, killed and failing at random while prompts and places come and go. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void everyEventIsLabelledOnceAndThoseOfATaskAndOfAPlaceInTheirOrder(int block) {
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
      for (int offset = 0; offset < 40; offset++) {
        Set<String> tasks = play.events.get(offset);
        String place = play.places.get(offset);
        assertThat(play.labelled)
            .as("seed %d, tasks %s of %s", seed, tasks, place)
            .filteredOn(
                other ->
                    play.events.get(other).equals(tasks)
                        && Objects.equals(play.places.get(other), place))
            .isSorted();
      }
    }
  }

  @Test
  void whatLiesBehindAPlaceThatIsAwayHasABound() {
    List<Position> holdUp = new ArrayList<>();
    SetAside.Arrivals arrivals =
        new SetAside.Arrivals() {
          @Override
          public Optional<Boolean> come(Position image) {
            return Optional.of(false);
          }

          @Override
          public void holdsUp(Position image) {
            holdUp.add(image);
          }
        };
    SetAside aside = new SetAside(Set::of, arrivals, () -> 0);
    SetAside.Draft draft = aside.draft();
    draft.decide(
        new Arrival(
            record(5),
            "image",
            ImageEvent.newBuilder().setUri("S3://photos/a.png").build(),
            Set.of()),
        new Away("no answer", "s3://photos"));
    draft.adopt();
    assertThat(aside.bookmark(PARTITION, new OffsetAndMetadata(6)).metadata())
        .isEqualTo("s3%3A%2F%2Fphotos=5");
    aside.bookmark(PARTITION, new OffsetAndMetadata(5 + SetAside.MOST));
    aside.requireRoom(record(5 + SetAside.MOST), true);
    aside.bookmark(PARTITION, new OffsetAndMetadata(6 + SetAside.MOST));
    assertThatThrownBy(() -> aside.requireRoom(record(6 + SetAside.MOST), true))
        .isInstanceOf(AwaitedException.class)
        .hasMessageContaining("s3://photos");
    aside.requireRoom(record(5), true);
    assertThat(holdUp).containsExactly(new Position(0, 5));
    // Nobody is held up but images of the same place.
    assertThatThrownBy(() -> aside.requireRoom(record(6 + SetAside.MOST), false))
        .isInstanceOf(AwaitedException.class);
    assertThat(holdUp).hasSize(1);
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset) {
    return new ConsumerRecord<>("images", 0, offset, new byte[0], new byte[0]);
  }

  @Test
  void anAccountThatABrokerWouldNotTakeIsNotMade() {
    SetAside aside = new SetAside(Set::of, image -> Optional.empty(), () -> 0);
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
                    new Wait("no prompt", Set.of(task)));
                draft.adopt();
              }
            })
        .isInstanceOf(AwaitedException.class);
    assertThat(aside.bookmark(PARTITION, new OffsetAndMetadata(1)).metadata().length())
        .isLessThan(4096);
  }

  @Test
  void metadataOfOthersIsIgnored() {
    SetAside aside = new SetAside(Set::of, image -> Optional.empty(), () -> 0);
    for (String foreign : List.of("hello", "a=b", "=", "%=1")) {
      aside.restore(PARTITION, new OffsetAndMetadata(7, foreign));
      assertThat(aside.goBack(PARTITION)).isEmpty();
      assertThat(aside.bookmark(PARTITION, new OffsetAndMetadata(8)).offset()).isEqualTo(8);
    }
  }
}
