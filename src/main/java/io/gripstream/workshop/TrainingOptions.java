package io.gripstream.workshop;

import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.Training;
import java.math.BigDecimal;
import picocli.CommandLine.Option;

/** How a round is trained. What is not given is the contract's default. */
final class TrainingOptions {
  @Option(names = "--rounds", paramLabel = "N", description = "Rounds of IFPL, GRIP and CPL.")
  private Integer rounds;

  @Option(
      names = "--per-class",
      paramLabel = "N",
      description = "Pseudolabels per class for FPL and IFPL.")
  private Integer perClass;

  @Option(
      names = "--class-prior",
      paramLabel = "KIND",
      description = "How many pseudolabels a class may take: ${COMPLETION-CANDIDATES}.")
  private ClassPriorKind classPrior;

  @Option(
      names = "--context-length",
      paramLabel = "N",
      description = "Context vectors, drawn at random; 0: the template's words.")
  private Integer contextLength;

  @Option(
      names = "--context-per-class",
      arity = "1",
      paramLabel = "true|false",
      description = "A context for each class.")
  private Boolean contextPerClass;

  @Option(
      names = "--prefix-length",
      paramLabel = "N",
      description = "Vectors of the visual prompt; 0: the paper's number.")
  private Integer prefixLength;

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the examples at most.")
  private Integer epochs;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Gradient steps a round at most; 0: as many as the epochs have.")
  private Integer steps;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Examples a step; 0: all for text prompts, otherwise 32.")
  private Integer batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      description = "At its peak; 0: the paper's.")
  private Float learningRate;

  @Option(names = "--weight-decay", paramLabel = "RATE", description = "Of the prompt's vectors.")
  private Float weightDecay;

  @Option(names = "--momentum", paramLabel = "SHARE", description = "Of SGD.")
  private Float momentum;

  @Option(
      names = "--warm-up-epochs",
      paramLabel = "N",
      description = "Epochs in which the learning rate rises.")
  private Integer warmUpEpochs;

  @Option(
      names = "--clip-norm",
      paramLabel = "NORM",
      description = "The longest gradient; 0: as it comes.")
  private Float clipNorm;

  @Option(
      names = "--reach",
      paramLabel = "TIMES",
      description = "How much longer than a word a prompt's vector may be; 0: no bound.")
  private Float reach;

  @Option(
      names = "--tail",
      paramLabel = "SHARE",
      description = "Of the steps, the last ones, whose states are averaged; 0: none.")
  private Float tail;

  @Option(
      names = "--validation-share",
      paramLabel = "SHARE",
      description = "Of the pool, to choose the best epoch by; 0: none.")
  private Float validationShare;

  @Option(
      names = "--warm-start",
      arity = "1",
      paramLabel = "true|false",
      description = "Start each round from the live prompt.")
  private Boolean warmStart;

  @Option(
      names = "--averaging",
      paramLabel = "SHARE",
      description = "The live prompt's share in the next one.")
  private Float averaging;

  @Option(
      names = "--shrinkage",
      paramLabel = "N",
      description = "How strongly classes with few images keep to zero-shot.")
  private Float shrinkage;

  /**
   * @throws IllegalArgumentException when a number makes no sense, naming its option
   */
  Training training() {
    require("--rounds", rounds, 1, 10_000);
    require("--per-class", perClass, 1, 1_000_000);
    require("--context-length", contextLength, 0, 64);
    require("--prefix-length", prefixLength, 0, 256);
    require("--epochs", epochs, 1, 100_000);
    require("--steps", steps, 0, Integer.MAX_VALUE);
    require("--batch-size", batchSize, 0, 1_000_000);
    require("--learning-rate", learningRate, 0, 1000);
    require("--weight-decay", weightDecay, 0, 1000);
    require("--momentum", momentum, 0, 0.9999);
    require("--warm-up-epochs", warmUpEpochs, 0, 100_000);
    require("--clip-norm", clipNorm, 0, 1_000_000);
    require("--reach", reach, 0, 1_000_000);
    require("--tail", tail, 0, 1);
    require("--validation-share", validationShare, 0, 0.9);
    require("--averaging", averaging, 0, 0.9999);
    require("--shrinkage", shrinkage, 0, 1_000_000);
    return given();
  }

  private static void require(String option, Number given, double least, double most) {
    if (given != null && !(given.doubleValue() >= least && given.doubleValue() <= most)) {
      throw new IllegalArgumentException(
          "%s: expected from %s to %s, not %s".formatted(option, plain(least), plain(most), given));
    }
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private Training given() {
    Training.Builder builder = Training.newBuilder();
    if (rounds != null) {
      builder.setRounds(rounds);
    }
    if (perClass != null) {
      builder.setPerClass(perClass);
    }
    if (classPrior != null) {
      builder.setClassPrior(classPrior);
    }
    if (contextLength != null) {
      builder.setContextLength(contextLength);
    }
    if (contextPerClass != null) {
      builder.setContextPerClass(contextPerClass);
    }
    if (prefixLength != null) {
      builder.setPrefixLength(prefixLength);
    }
    if (epochs != null) {
      builder.setEpochs(epochs);
    }
    if (steps != null) {
      builder.setSteps(steps);
    }
    if (batchSize != null) {
      builder.setBatchSize(batchSize);
    }
    if (learningRate != null) {
      builder.setLearningRate(learningRate);
    }
    if (weightDecay != null) {
      builder.setWeightDecay(weightDecay);
    }
    if (momentum != null) {
      builder.setMomentum(momentum);
    }
    if (warmUpEpochs != null) {
      builder.setWarmUpEpochs(warmUpEpochs);
    }
    if (clipNorm != null) {
      builder.setClipNorm(clipNorm);
    }
    if (reach != null) {
      builder.setReach(reach);
    }
    if (tail != null) {
      builder.setTail(tail);
    }
    if (validationShare != null) {
      builder.setValidationShare(validationShare);
    }
    if (warmStart != null) {
      builder.setWarmStart(warmStart);
    }
    if (averaging != null) {
      builder.setAveraging(averaging);
    }
    if (shrinkage != null) {
      builder.setShrinkage(shrinkage);
    }
    return builder.build();
  }
}
