package io.gripstream.workshop.experiment;

import io.gripstream.event.GateLimits;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.PromptTemplate;
import java.util.ArrayList;
import java.util.List;

/**
 * What an experiment runs.
 *
 * @param pool training images drawn by the seed
 * @param test test images drawn by the seed at most; 0: all
 * @param labelsPerClass human labels of each class for SSL
 * @param unseenShare the share of classes without human labels for TRZSL
 * @param template the zero-shot prompt, with {} for the class
 * @param training of each round; its seed is the cell's
 * @param gate whether a candidate must pass the gate, which then keeps images for itself; the paper
 *     has none
 * @param mix how frequent the classes are, in the pool and in the test
 * @param corruption what all images go through
 * @param bound whether a linear head is trained on the pool's true labels, to see what there is to
 *     gain
 */
public record Settings(
    List<Paradigm> paradigms,
    List<Modality> modalities,
    List<Strategy> strategies,
    List<Long> seeds,
    int pool,
    int test,
    int labelsPerClass,
    double unseenShare,
    String template,
    Training training,
    boolean gate,
    ClassMix mix,
    Corruption corruption,
    boolean bound) {

  public Settings {
    paradigms = List.copyOf(paradigms);
    modalities = List.copyOf(modalities);
    strategies = List.copyOf(strategies);
    seeds = List.copyOf(seeds);
    // Says what is wrong with it.
    new PromptTemplate(template);
  }

  /** Images as the data set has them, and no bound. */
  public Settings(
      List<Paradigm> paradigms,
      List<Modality> modalities,
      List<Strategy> strategies,
      List<Long> seeds,
      int pool,
      int test,
      int labelsPerClass,
      double unseenShare,
      String template,
      Training training,
      boolean gate) {
    this(
        paradigms,
        modalities,
        strategies,
        seeds,
        pool,
        test,
        labelsPerClass,
        unseenShare,
        template,
        training,
        gate,
        ClassMix.UNIFORM,
        Corruption.ASIS,
        false);
  }

  /** The grid, in the order of the results' rows. */
  public List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (Paradigm paradigm : paradigms) {
      for (Modality modality : modalities) {
        for (Strategy strategy : strategies) {
          for (long seed : seeds) {
            cells.add(new Cell(paradigm, modality, strategy, seed));
          }
        }
      }
    }
    return cells;
  }

  /** How many rounds a cell has: FPL labels once, and what has a closed form needs no second. */
  int rounds(Cell cell) {
    return switch (cell.strategy()) {
      case FPL, BALANCE, MIXTURE -> 1;
      default -> training.getRounds();
    };
  }

  /** A cell as the task that a service would be given. */
  TaskDefinition definition(Cell cell, List<String> classes) {
    GateLimits limits = TaskDefinition.newBuilder().setClasses(classes).build().getGate();
    return TaskDefinition.newBuilder()
        .setClasses(classes)
        .setTemplate(template)
        .setModality(cell.modality())
        .setStrategy(cell.strategy())
        .setParadigm(cell.paradigm())
        .setTraining(Training.newBuilder(training).setSeed(cell.seed()).build())
        .setGate(gate ? limits : GateLimits.newBuilder(limits).setHeldOutShare(0).build())
        .build();
  }
}
