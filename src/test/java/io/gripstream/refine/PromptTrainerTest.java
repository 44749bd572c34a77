package io.gripstream.refine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Training;
import io.gripstream.refine.PromptTrainer.Plan;
import org.junit.jupiter.api.Test;

class PromptTrainerTest {
  private static Training.Builder papers() {
    return Training.newBuilder().setEpochs(150).setSteps(0).setBatchSize(16).setWarmUpEpochs(5);
  }

  @Test
  void theFirstStepsOfTheWarmUpAlreadyLearn() {
    Plan plan = Plan.of(papers().build(), 160);
    assertThat(plan).isEqualTo(new Plan(150, 10, 5));
    assertThat(plan.rate(0)).isGreaterThan(0.1);
    for (int period = 1; period <= 5; period++) {
      assertThat(plan.rate(period)).isGreaterThan(plan.rate(period - 1));
    }
    assertThat(plan.rate(5)).isEqualTo(1);
    assertThat(plan.rate(149)).isBetween(0.0, 0.001);
  }

  @Test
  void aBoundOnStepsKeepsTheShapeOfTheSchedule() {
    Plan plan = Plan.of(papers().setSteps(100).build(), 16_000);
    assertThat(plan.periods() * plan.stepsPerPeriod()).isEqualTo(100);
    assertThat(plan.periods()).isEqualTo(10);
    assertThat(plan.rate(plan.periods() - 1)).isLessThan(0.1);
  }

  @Test
  void aBoundThatIsNotReachedChangesNothing() {
    assertThat(Plan.of(papers().setSteps(1500).build(), 160))
        .isEqualTo(Plan.of(papers().build(), 160));
  }

  @Test
  void theLastBatchOfAPassMayBeSmaller() {
    assertThat(Plan.of(papers().build(), 161).stepsPerPeriod()).isEqualTo(11);
  }
}
