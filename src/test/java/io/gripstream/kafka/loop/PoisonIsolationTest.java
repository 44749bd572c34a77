package io.gripstream.kafka.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class PoisonIsolationTest {
  @Test
  void aBusyPartitionDoesNotHideARecordAtFaultInAnother() {
    PoisonIsolation suspects = new PoisonIsolation(16, 3);
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
        var unit = suspects.next(polled.subList(from, polled.size()), 16);
        boolean suspect = suspects.include(unit.get(0));
        if (unit.stream().anyMatch(record -> record.partition() == 1 && record.offset() == bad)) {
          if (suspects.failed(Pending.ends(unit), unit.size())
              == PoisonIsolation.Verdict.CONDEMNED) {
            poison = unit.get(0).offset();
          }
          break;
        }
        suspects.succeeded(Pending.ends(unit), suspect);
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
    PoisonIsolation suspects = new PoisonIsolation(16, 3);
    var unit = records(0, 0, 1);
    assertThat(suspects.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.AGAIN);
    assertThat(suspects.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.AGAIN);
    assertThat(suspects.failed(Pending.ends(unit), 1)).isEqualTo(PoisonIsolation.Verdict.CONDEMNED);
  }

  @Test
  void whenAllSuspectsHavePassedItIsAsIfNothingHadFailed() {
    PoisonIsolation suspects = new PoisonIsolation(16, 2);
    var unit = records(0, 0, 16);
    suspects.failed(Pending.ends(unit), 16);
    suspects.failed(Pending.ends(unit), 16);
    assertThat(suspects.next(unit, 16)).hasSize(8);
    suspects.succeeded(Pending.ends(records(0, 0, 8)), true);
    suspects.succeeded(Pending.ends(records(0, 8, 8)), true);
    assertThat(suspects.include(records(0, 15, 1).get(0))).isFalse();
    assertThat(suspects.next(records(0, 16, 16), 16)).hasSize(16);
    assertThat(suspects.failed(Pending.ends(records(0, 16, 16)), 16))
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
