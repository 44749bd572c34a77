package io.gripstream.curator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.curator.Memory.Limits;
import io.gripstream.curator.Memory.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private static final Limits WIDE = new Limits(1000, 1 << 20);

  private final KeyValueStore<Bytes, byte[]> store = Stores.inMemory();
  private final Memory memory = new Memory(store);

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
        assertThat(memory.put("t", id, value, limits)).isEqualTo(evicted);
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
      memory.put(task, "b", task.getBytes(), WIDE);
      memory.put(task, "\0", task.getBytes(), WIDE);
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
    memory.put("t", "a", new byte[5], limits);
    assertThatThrownBy(() -> memory.put("t", "b", new byte[20], limits))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(memory.places("t")).extracting(Place::id).containsExactly("a");
  }

  @Test
  void lowerLimitsLetTheOldestGo() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ids.add("id" + i);
      memory.put("t", "id" + i, new byte[10], WIDE);
    }
    assertThat(memory.shrink("t", new Limits(4, 1 << 20))).isEqualTo(6);
    assertThat(memory.places("t"))
        .extracting(Place::id)
        .containsExactlyElementsOf(ids.subList(6, 10));
    assertThat(memory.shrink("t", new Limits(4, 1 << 20))).isZero();
  }

  private static long bytes(Map<String, byte[]> values) {
    return values.entrySet().stream().mapToLong(e -> Memory.size(e.getKey(), e.getValue())).sum();
  }
}
