package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.TASK;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.curator.TaskState.Flight;
import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.TaskState.Service;
import io.gripstream.curator.Versions.Known;
import io.gripstream.kafka.registry.TopicSerdes;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TaskStoreTest {
  private final TopicSerdes serdes = new TopicSerdes(new MemoryRegistry());
  private final TaskStore tasks =
      new TaskStore(
          Stores.inMemory(),
          new Encoding<>(serdes.tasks(), "tasks"),
          new Encoding<>(serdes.prompts(), "prompts"));

  @Test
  void aStateComesBackAsItWas() {
    TaskState full =
        new TaskState(
            new Live(3, "digest", "model", 512, true, true),
            new Service(44L, 33L, 2),
            true,
            false,
            7,
            5,
            6,
            9,
            123L,
            new Flight(7, 8, 42L));
    tasks.state(TASK, full);
    assertThat(tasks.state(TASK)).isEqualTo(full);
    tasks.state(TASK, full.ended());
    assertThat(tasks.state(TASK))
        .isEqualTo(new TaskState(null, Service.NEW, false, false, 7, 5, 6, 9, 0, null));
    assertThat(tasks.state("other")).isEqualTo(TaskState.NEW);
  }

  @Test
  void aStateOfTheFirstFormatIsReadAndItsVersionSaysWhetherItIsZeroShot() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(1);
      out.writeBoolean(true);
      out.writeBoolean(false);
      out.writeInt(7);
      out.writeInt(9);
      out.writeLong(123L);
      out.writeBoolean(true);
      out.writeInt(3);
      out.writeUTF("digest");
      out.writeUTF("model");
      out.writeInt(512);
      out.writeBoolean(true);
      out.writeBoolean(false);
    }
    TaskState state = TaskStateCodec.decode(bytes.toByteArray(), version -> version == 3);
    assertThat(state)
        .isEqualTo(
            new TaskState(
                new Live(3, "digest", "model", 512, true, true),
                Service.NEW,
                true,
                false,
                7,
                0,
                0,
                9,
                123L,
                null));
    assertThat(TaskStateCodec.decode(bytes.toByteArray(), version -> false).live().zeroShot())
        .isFalse();
  }

  @Test
  void theVersionsOfATaskAreBoundedAndTheOldestGoUnlessTheyMustStay() {
    Versions versions = tasks.versions(TASK);
    for (int version = 0; version < 2 * Versions.KEPT; version++) {
      versions.keep(new Known(Fixtures.zeroShot(version), version), p -> p.getVersion() == 3);
    }
    tasks.versions("other").keep(new Known(Fixtures.zeroShot(0), Known.NEVER), p -> false);
    assertThat(versions.all()).hasSize(Versions.KEPT);
    assertThat(versions.all())
        .extracting(known -> known.prompt().getVersion())
        .isSorted()
        .startsWith(3, 51, 52);
    assertThat(versions.find(3)).hasValue(new Known(Fixtures.zeroShot(3), 3));
    assertThat(versions.find(4)).isEmpty();
    for (int version = 0; version < Versions.REMEMBERED + 2; version++) {
      versions.handOut(version, version + 1);
    }
    assertThat(versions.handedOutTo(1)).isEmpty();
    assertThat(versions.handedOutTo(2)).hasValue(3);
    versions.retain(prompt -> prompt.getVersion() == 60);
    assertThat(versions.handedOutTo(2)).hasValue(3);
    assertThat(versions.all()).hasSize(1);
    assertThat(tasks.versions("other").all()).hasSize(1);
  }
}
