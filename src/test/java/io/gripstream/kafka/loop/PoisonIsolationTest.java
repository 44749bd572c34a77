package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class PoisonIsolationTest {
  @Test
  void aBusyPartitionDoesNotHideARecordAtFaultInAnother() {
    PoisonIsolation isolation = new PoisonIsolation(16, 3);
    long bad = 5;
    long quiet = 0;
    long busy = 0;
    Long poison = null;
    int rounds = 0;
    while (poison == null) {
      assertThat(++rounds).isLessThan(30);
      // Each poll gives the busy partition's records first; they always succeed.
      List<ConsumerRecord<byte[], byte[]>> polled = new ArrayList<>(records(0, busy, 8));
      polled.addAll(records(1, quiet, 8));
      int from = 0;
      while (from < polled.size()) {
        var unit = isolation.next(polled.subList(from, polled.size()), 16);
        boolean maybePoison = isolation.include(unit.get(0));
        if (unit.stream().anyMatch(record -> record.partition() == 1 && record.offset() == bad)) {
          if (isolation.failed(Pending.ends(unit), unit.size())
              == PoisonIsolation.Verdict.ISOLATED) {
            poison = unit.get(0).offset();
          }
          break;
        }
        isolation.succeeded(Pending.ends(unit), maybePoison);
        for (var record : unit) {
          if (record.partition() == 0) {
            busy = record.offset() + 1;
          } else {
            quiet = record.offset() + 1;
          }
        }
        from += unit.size();
      }
    }
    assertThat(poison).isEqualTo(bad);
  }

  @Test
  void aSingleRecordIsTriedAsOftenAsABatchBeforeItIsGivenUp() {
    PoisonIsolation isolation = new PoisonIsolation(16, 3);
    var unit = records(0, 0, 1);
    assertThat(isolation.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.AGAIN);
    assertThat(isolation.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.AGAIN);
    assertThat(isolation.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.ISOLATED);
  }

  @Test
  void whenAllSuspectsHavePassedItIsAsIfNothingHadFailed() {
    PoisonIsolation isolation = new PoisonIsolation(16, 2);
    var unit = records(0, 0, 16);
    isolation.failed(Pending.ends(unit), 16);
    isolation.failed(Pending.ends(unit), 16);
    assertThat(isolation.next(unit, 16)).hasSize(8);
    isolation.succeeded(Pending.ends(records(0, 0, 8)), true);
    isolation.succeeded(Pending.ends(records(0, 8, 8)), true);
    assertThat(isolation.include(records(0, 15, 1).get(0))).isFalse();
    assertThat(isolation.next(records(0, 16, 16), 16)).hasSize(16);
    assertThat(isolation.failed(Pending.ends(records(0, 16, 16)), 16))
        .isEqualTo(PoisonIsolation.Verdict.AGAIN);
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(int partition, long from, int count) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      records.add(new ConsumerRecord<>("t", partition, from + i, new byte[0], new byte[0]));
    }
    return records;
  }
}
