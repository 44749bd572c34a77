package io.gripstream.refine.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.Modality;
import io.gripstream.event.Training;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingPlanTest {
  private static Training.Builder papers() {
    return Training.newBuilder().setEpochs(150).setSteps(0).setBatchSize(16).setWarmUpEpochs(5);
  }

  private static TrainingPlan text(Training.Builder training, int visits) {
    return TrainingPlan.of(training.build(), Modality.TEXT, visits);
  }

  @Test
  void theFirstStepsOfTheWarmUpAlreadyLearn() {
    TrainingPlan plan = text(papers(), 160);
    assertThat(plan).isEqualTo(new TrainingPlan(16, 150, 10, 5));
    assertThat(plan.rate(0)).isGreaterThan(0.1);
    for (int interval = 1; interval <= 5; interval++) {
      assertThat(plan.rate(interval)).isGreaterThan(plan.rate(interval - 1));
    }
    assertThat(plan.rate(5)).isEqualTo(1);
    assertThat(plan.rate(149)).isBetween(0.0, 0.001);
  }

  @Test
  void aBoundOnStepsKeepsTheShapeOfTheSchedule() {
    TrainingPlan plan = text(papers().setSteps(100), 16_000);
    assertThat(plan.intervals() * plan.stepsPerInterval()).isEqualTo(100);
    assertThat(plan.intervals()).isEqualTo(10);
    assertThat(plan.rate(plan.intervals() - 1)).isLessThan(0.1);
  }

  @Test
  void aBoundThatIsNotReachedChangesNothing() {
    assertThat(text(papers().setSteps(1500), 160)).isEqualTo(text(papers(), 160));
  }

  @Test
  void theLastBatchOfAPassMayBeSmaller() {
    assertThat(text(papers(), 161).stepsPerInterval()).isEqualTo(11);
  }

  @Test
  void aTextRoundTakesAllExamplesInEachStepUnlessABatchSizeIsNamed() {
    for (int visits : new int[] {10, 1000, TrainingPlan.WHOLE}) {
      TrainingPlan plan = text(Training.newBuilder(), visits);
      assertThat(plan.batchSize()).isGreaterThanOrEqualTo(visits);
      assertThat(plan.intervals() * plan.stepsPerInterval()).isEqualTo(300);
      assertThat(plan.intervals()).isEqualTo(30);
      assertThat(plan.warmUp()).isEqualTo(5);
    }
    assertThat(text(Training.newBuilder().setBatchSize(16), 1000).batchSize()).isEqualTo(16);
  }

  @Test
  void morePassesThanStepsAreAStepEachAndWithoutABoundAPassIsAStep() {
    assertThat(text(papers().setBatchSize(0).setSteps(60), 1000))
        .isEqualTo(new TrainingPlan(TrainingPlan.WHOLE, 60, 1, 2));
    assertThat(text(papers().setBatchSize(0), 1000))
        .isEqualTo(new TrainingPlan(TrainingPlan.WHOLE, 150, 1, 5));
  }

  @Test
  void moreExamplesThanFitIntoAStepAreTakenInPassesOfAFewSteps() {
    TrainingPlan plan = text(Training.newBuilder(), 3 * TrainingPlan.WHOLE);
    assertThat(plan.stepsPerInterval()).isEqualTo(3);
    assertThat(plan.intervals()).isEqualTo(30);
  }

  @ParameterizedTest
  @EnumSource(
      value = Modality.class,
      names = {"VISUAL", "MULTIMODAL"})
  void aRoundThatRunsTheImageTowerTakesThirtyTwoImagesAStepAndNoMoreThanTheStepsAllow(
      Modality modality) {
    Training training = Training.newBuilder().build();
    assertThat(TrainingPlan.of(training, modality, 160)).isEqualTo(new TrainingPlan(32, 30, 5, 5));
    TrainingPlan longer = TrainingPlan.of(training, modality, 10_000);
    assertThat(longer.intervals() * longer.stepsPerInterval()).isEqualTo(300);
  }
}
