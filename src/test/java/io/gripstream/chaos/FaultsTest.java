package io.gripstream.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.chaos.Faults.Fault;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultsTest {
  private static final List<String> MEMBERS = List.of("broker", "labeler-1", "curator-1");
  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void aSeedGivesOnePlanAndAnotherSeedAnother() {
    assertThat(Faults.plan(1, HOUR, MEMBERS))
        .isEqualTo(Faults.plan(1, HOUR, MEMBERS))
        .isNotEqualTo(Faults.plan(2, HOUR, MEMBERS));
  }

  @Test
  void everyProcessMeetsEveryFaultBeforeAnyMeetsOneAgain() {
    int all = MEMBERS.size() * Faults.Kind.values().length;

    assertThat(Faults.plan(1, HOUR, MEMBERS).subList(0, all))
        .extracting(fault -> fault.member() + fault.kind())
        .doesNotHaveDuplicates();
  }

  @Test
  void onlyCuratorsLoseTheirStateAndOnlySometimes() {
    List<Fault> plan = Faults.plan(1, HOUR, MEMBERS);

    assertThat(plan).filteredOn(Fault::wipe).extracting(Fault::member).containsOnly("curator-1");
    assertThat(plan)
        .filteredOn(fault -> fault.member().equals("curator-1"))
        .filteredOn(fault -> fault.kind() == Faults.Kind.KILL)
        .extracting(Fault::wipe)
        .contains(true, false);
  }
}
