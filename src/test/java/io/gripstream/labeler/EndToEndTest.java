package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class EndToEndTest {
  private final Timer timer = new SimpleMeterRegistry().timer("way");
  private final EndToEnd endToEnd = new EndToEnd(timer, () -> 10_000);

  @Test
  void anImageCountsWhenItsLabelsAreCommittedAndOnce() {
    endToEnd.labelled(image(0, 9_000));
    endToEnd.labelled(image(1, 7_000));
    assertThat(timer.count()).isZero();
    endToEnd.thrownAway(new TopicPartition("images", 1));
    endToEnd.committed();
    endToEnd.committed();
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(1_000);
  }

  @Test
  void aTimestampThatIsMissingCountsForNothingAndOneOfTheFutureForNoTime() {
    endToEnd.labelled(image(0, -1));
    endToEnd.labelled(image(0, 11_000));
    endToEnd.committed();
    assertThat(timer.count()).isEqualTo(1);
    assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isZero();
  }

  private static ConsumerRecord<byte[], byte[]> image(int partition, long timestamp) {
    return new ConsumerRecord<>(
        "images",
        partition,
        0,
        timestamp,
        TimestampType.CREATE_TIME,
        0,
        0,
        null,
        null,
        new RecordHeaders(),
        Optional.empty());
  }
}
