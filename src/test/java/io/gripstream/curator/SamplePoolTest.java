package io.gripstream.curator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.curator.SamplePool.Limits;
import io.gripstream.curator.SamplePool.Place;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

class SamplePoolTest {
  private static final Limits WIDE = new Limits(1000, 1 << 20);
  private static final Predicate<String> NONE = id -> false;

  private final KeyValueStore<Bytes, byte[]> store = Stores.inMemory();
  private final SamplePool memory = new SamplePool(store);

  @Test
  void whateverComesTheLimitsHoldAndTheNewestAreThere() {
    Limits limits = new Limits(7, 100);
    Random random = new Random(1);
    Map<String, byte[]> expected = new LinkedHashMap<>();
    for (int i = 0; i < 2000; i++) {
      String id = "id" + random.nextInt(12);
      byte[] value = new byte[random.nextInt(40)];
      random.nextBytes(value);
      if (random.nextInt(10) == 0) {
        assertThat(memory.remove("t", id)).isEqualTo(expected.remove(id) != null);
      } else {
        expected.remove(id);
        expected.put(id, value);
        int evicted = 0;
        while (expected.size() > limits.count() || bytes(expected) > limits.bytes()) {
          expected.remove(expected.keySet().iterator().next());
          evicted++;
        }
        assertThat(memory.put("t", id, value, limits, NONE)).isEqualTo(evicted);
      }
      assertThat(memory.extent("t").count()).isEqualTo(expected.size());
      assertThat(memory.extent("t").bytes()).isEqualTo(bytes(expected));
      assertThat(memory.places("t"))
          .extracting(Place::id)
          .containsExactlyElementsOf(expected.keySet().stream().sorted().toList());
      expected.forEach((key, bytes) -> assertThat(memory.find("t", key)).hasValue(bytes));
      // Values, index and the extent: nothing is left behind.
      assertThat(Stores.entries(store)).isLessThanOrEqualTo(2 * expected.size() + 1);
    }
  }

  @Test
  void tasksWhoseNamesBeginAlikeDoNotSeeEachOther() {
    List<String> tasks = List.of("a", "ab", "a\0", "\0", "a/b");
    for (String task : tasks) {
      memory.put(task, "b", task.getBytes(), WIDE, NONE);
      memory.put(task, "\0", task.getBytes(), WIDE, NONE);
    }
    memory.clear("a");
    assertThat(memory.places("a")).isEmpty();
    for (String task : tasks.subList(1, tasks.size())) {
      assertThat(memory.places(task)).hasSize(2);
      assertThat(memory.find(task, "b")).hasValue(task.getBytes());
    }
    tasks.forEach(memory::clear);
    assertThat(Stores.entries(store)).isZero();
  }

  @Test
  void aValueThatAloneIsOverTheLimitsIsRefusedAndNothingLeavesForIt() {
    Limits limits = new Limits(10, 20);
    memory.put("t", "a", new byte[5], limits, NONE);
    assertThatThrownBy(() -> memory.put("t", "b", new byte[20], limits, NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(memory.places("t")).extracting(Place::id).containsExactly("a");
  }

  @Test
  void lowerLimitsLetTheOldestGo() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ids.add("id" + i);
      memory.put("t", "id" + i, new byte[10], WIDE, NONE);
    }
    assertThat(memory.shrink("t", new Limits(4, 1 << 20), NONE)).isEqualTo(6);
    assertThat(memory.places("t"))
        .extracting(Place::id)
        .containsExactlyElementsOf(ids.subList(6, 10));
    assertThat(memory.shrink("t", new Limits(4, 1 << 20), NONE)).isZero();
  }

  @Test
  void preciousValuesOutliveManyTurnoversAndNothingElseDoes() {
    Limits limits = new Limits(20, 1 << 20);
    Set<String> precious = Set.of("id0", "id3", "id150");
    for (int i = 0; i < 400; i++) {
      memory.put("t", "id" + i, new byte[10], limits, precious::contains);
    }
    assertThat(ids()).hasSize(20).containsAll(precious);
    assertThat(ids()).containsAll(IntStream.range(383, 400).mapToObj(i -> "id" + i).toList());
    assertThat(memory.find("t", "id0")).hasValue(new byte[10]);
    assertThat(memory.extent("t").renewed()).isEqualTo(3);
  }

  @Test
  void preciousValuesGetHalfOfTheMemoryAtMostAndTheirOldestLeaveFirst() {
    Limits limits = new Limits(10, 1 << 20);
    Predicate<String> old = id -> id.startsWith("old");
    for (int i = 0; i < 10; i++) {
      memory.put("t", "old" + i, new byte[10], limits, old);
    }
    for (int i = 0; i < 100; i++) {
      memory.put("t", "new" + i, new byte[10], limits, old);
    }
    assertThat(ids())
        .containsExactlyInAnyOrder(
            "new95", "new96", "new97", "new98", "new99", "old0", "old1", "old2", "old3", "old4");
    memory.put("t", "old1", new byte[10], limits, old);
    assertThat(memory.extent("t").renewed()).isEqualTo(4);
    assertThat(memory.shrink("t", new Limits(4, 1 << 20), old)).isEqualTo(6);
    assertThat(ids()).hasSize(4);
    assertThat(ids().stream().filter(old)).hasSizeLessThanOrEqualTo(3);
  }

  @Test
  void whateverIsPreciousTheLimitsHoldAndTheNewestIsThere() {
    Limits limits = new Limits(9, 300);
    Random random = new Random(2);
    Set<String> precious = new HashSet<>();
    for (int i = 0; i < 3000; i++) {
      String id = "id" + random.nextInt(40);
      switch (random.nextInt(6)) {
        case 0 -> precious.add(id);
        case 1 -> precious.remove(id);
        case 2 -> memory.remove("t", id);
        case 3 -> {
          Limits lower = new Limits(1 + random.nextInt(9), 30 + random.nextInt(270));
          memory.shrink("t", lower, precious::contains);
          assertThat(memory.extent("t").count()).isLessThanOrEqualTo((int) lower.count());
          assertThat(memory.extent("t").bytes()).isLessThanOrEqualTo(lower.bytes());
        }
        default -> {
          memory.put("t", id, new byte[random.nextInt(250)], limits, precious::contains);
          assertThat(memory.find("t", id)).isPresent();
        }
      }
      List<Place> places = memory.places("t");
      assertThat(memory.extent("t").count()).isEqualTo(places.size()).isLessThanOrEqualTo(9);
      assertThat(memory.extent("t").bytes())
          .isEqualTo(places.stream().mapToLong(Place::size).sum())
          .isLessThanOrEqualTo(300);
      assertThat(memory.extent("t").renewed()).isBetween(0, 4);
      assertThat(memory.extent("t").renewedBytes()).isBetween(0L, 150L);
      assertThat(Stores.entries(store)).isLessThanOrEqualTo(2 * places.size() + 1);
    }
  }

  @Test
  void theNewestAreKeptAndPreciousOnesBeforeThemAndNothingElse() {
    for (int i = 0; i < 20; i++) {
      memory.put("t", "id%02d".formatted(i), new byte[5], WIDE, NONE);
    }
    assertThat(memory.newest("t", 3)).extracting(Place::id).containsExactly("id19", "id18", "id17");
    assertThat(memory.keepNewest("t", 3, WIDE, id -> id.startsWith("id0"))).isEqualTo(7);
    assertThat(ids())
        .containsExactly(
            "id00", "id01", "id02", "id03", "id04", "id05", "id06", "id07", "id08", "id09", "id17",
            "id18", "id19");
    assertThat(memory.newest("t", 9)).extracting(Place::id).containsExactly("id19", "id18", "id17");
    assertThat(memory.keepNewest("t", 3, WIDE, NONE)).isZero();
    // Renewed ones take up more than half of these limits, so that none is renewed until few are.
    assertThat(memory.keepNewest("t", 0, new Limits(8, 1000), id -> id.endsWith("8")))
        .isEqualTo(12);
    assertThat(ids()).containsExactly("id08");
    assertThat(memory.extent("t")).isEqualTo(new SamplePool.Extent(1, 9, 30, 31, 1, 9));
    assertThat(Stores.entries(store)).isEqualTo(3);
  }

  @Test
  void memoriesOfTheFirstFormatAreRead() {
    memory.put("t", "a", new byte[5], WIDE, NONE);
    store.put(
        Keys.of((byte) 0, "t"),
        ByteBuffer.allocate(28).putInt(1).putLong(6).putLong(0).putLong(1).array());
    assertThat(memory.extent("t")).isEqualTo(new SamplePool.Extent(1, 6, 0, 1, 0, 0));
  }

  private List<String> ids() {
    return memory.places("t").stream().map(Place::id).toList();
  }

  private static long bytes(Map<String, byte[]> values) {
    return values.entrySet().stream()
        .mapToLong(e -> SamplePool.size(e.getKey(), e.getValue()))
        .sum();
  }
}
