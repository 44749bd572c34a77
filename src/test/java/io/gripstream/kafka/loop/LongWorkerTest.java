package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.kafka.loop.LongWork.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class LongWorkerTest {
  private final LongWorker worker = new LongWorker("test");

  @Test
  void whatCameOfWorkOfEachPartitionIsKeptUntilThatIsCommitted() {
    keep(0, 5, "first");
    keep(1, 9, "second");

    assertThat(worker.recall(record(0, 5))).get().isEqualTo(outcome("first"));
    assertThat(worker.recall(record(1, 9))).get().isEqualTo(outcome("second"));
    assertThat(worker.recall(record(1, 8))).isEmpty();

    worker.committed(Map.of(partition(0), new OffsetAndMetadata(6)));
    assertThat(worker.recall(record(0, 5))).isEmpty();
    assertThat(worker.recall(record(1, 9))).isPresent();
  }

  @Test
  void whatCannotBeWrittenIsNamedUntilItIsWrittenOrSomebodyElses() {
    keep(0, 5, "first");

    worker.notWritten(Set.of(partition(1)));
    assertThat(worker.unwritten()).isEmpty();
    worker.notWritten(Set.of(partition(0)));
    assertThat(worker.unwritten()).isEqualTo("first");
    worker.committed(Map.of(partition(0), new OffsetAndMetadata(6)));
    assertThat(worker.unwritten()).isEmpty();

    keep(0, 7, "third");
    worker.notWritten(Set.of(partition(0)));
    worker.assigned(Set.of(partition(1)));
    assertThat(worker.unwritten()).isEmpty();
    assertThat(worker.recall(record(0, 7))).isPresent();
  }

  private void keep(int partition, long offset, String about) {
    worker.keep(
        record(partition, offset),
        new LongWork() {
          @Override
          public Outcome run() {
            return outcome(about);
          }

          @Override
          public void abandon() {}

          @Override
          public String about() {
            return about;
          }
        },
        outcome(about));
  }

  private static Outcome outcome(String about) {
    return new Outcome(List.of(new ProducerRecord<>(about, null)), List.of());
  }

  private static ConsumerRecord<byte[], byte[]> record(int partition, long offset) {
    return new ConsumerRecord<>("batches", partition, offset, null, null);
  }

  private static TopicPartition partition(int partition) {
    return new TopicPartition("batches", partition);
  }
}
