package io.gripstream.workshop.experiment.suite;

import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.event.Training;
import io.gripstream.workshop.experiment.ClassMix;
import io.gripstream.workshop.experiment.Corruption;
import io.gripstream.workshop.experiment.Settings;
import java.util.List;

/**
 * What a suite runs over its data sets and models: text prompts without labels.
 *
 * @param pool training images drawn by the seed
 * @param test test images drawn by the seed at most; 0: all
 */
public record SuiteSettings(
    List<Strategy> strategies,
    List<Long> seeds,
    List<ClassMix> mixes,
    List<Corruption> corruptions,
    int pool,
    int test,
    Training training) {

  public SuiteSettings {
    strategies = List.copyOf(strategies);
    seeds = List.copyOf(seeds);
    mixes = List.copyOf(mixes);
    corruptions = List.copyOf(corruptions);
  }

  /** Cells of a condition, with the gate and without. */
  int cellsOfACondition() {
    return 2 * strategies.size() * seeds.size();
  }

  /** One condition's experiment; the bound goes with the one that has no gate. */
  Settings experiment(Condition condition, String template, boolean gate) {
    return new Settings(
        List.of(Paradigm.UL),
        List.of(Modality.TEXT),
        strategies,
        seeds,
        pool,
        test,
        1,
        0.5,
        template,
        training,
        gate,
        condition.mix(),
        condition.corruption(),
        !gate);
  }
}
