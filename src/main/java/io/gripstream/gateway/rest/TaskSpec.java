package io.gripstream.gateway.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.GateLimits;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.event.Trigger;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * A task's definition as the API takes and gives it. What is left out is as the schema has it by
 * default.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TaskSpec(
    @NotNull @Size(min = 2, max = 1000) List<String> classes,
    @Size(min = 2, max = 200) String template,
    Modality modality,
    Strategy strategy,
    Paradigm paradigm,
    @Min(1) @Max(100) Integer topK,
    @Valid TriggerSpec trigger,
    @Valid PoolSpec pool,
    @Valid TrainingSpec training,
    @Valid GateSpec gate) {

  private static final int LONGEST_CLASS = 200;

  /** When a round is due. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TriggerSpec(
      @Min(10) @Max(1_000_000) Integer samples,
      @Min(0) @Max(1_000_000) Integer calibration,
      Boolean drift) {}

  /** The bounds of the pool. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PoolSpec(
      @Min(10) @Max(1_000_000) Integer samples, @Min(65_536) @Max(1L << 34) Long bytes) {}

  /** The hyperparameters of a round. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TrainingSpec(
      @Min(1) @Max(1000) Integer rounds,
      @Min(1) @Max(10_000) Integer perClass,
      ClassPriorKind classPrior,
      @DecimalMin("0") @DecimalMax("1") Float candidateMass,
      @DecimalMin("0") @DecimalMax("1") Float candidateQuantile,
      @Min(0) @Max(64) Integer contextLength,
      Boolean contextPerClass,
      @Min(0) @Max(256) Integer prefixLength,
      @Min(1) @Max(10_000) Integer epochs,
      @Min(0) @Max(10_000_000) Integer steps,
      @Min(1) @Max(4096) Integer batchSize,
      @DecimalMin("0") @DecimalMax("10") Float learningRate,
      @DecimalMin("0") @DecimalMax("1") Float weightDecay,
      @DecimalMin("0") @DecimalMax(value = "1", inclusive = false) Float momentum,
      @DecimalMin("0") @DecimalMax("0.9") Float validationShare,
      @Min(0) @Max(10_000) Integer warmUpEpochs,
      Boolean warmStart,
      @DecimalMin("0") @DecimalMax(value = "1", inclusive = false) Float averaging,
      @DecimalMin("0") @DecimalMax("1000000") Float shrinkage,
      Long seed) {}

  /** The bar for promotion. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record GateSpec(
      @DecimalMin("0") @DecimalMax("0.9") Float heldOutShare,
      @DecimalMin("0") @DecimalMax("1") Float tolerance,
      @Min(0) @Max(1_000_000) Integer minimumEvidence) {}

  /**
   * The definition, with the schema's defaults for what is left out.
   *
   * @throws ProblemException when the parts do not go together
   */
  TaskDefinition toDefinition() {
    List<String> errors = new ArrayList<>();
    checkClasses(errors);
    if (template != null && template.split("\\{\\}", -1).length != 2) {
      errors.add("template must contain {} exactly once");
    }
    if (template != null && template.codePoints().anyMatch(Character::isISOControl)) {
      errors.add("template must not contain control characters");
    }
    TaskDefinition.Builder builder = TaskDefinition.newBuilder().setClasses(classes);
    set(template, builder::setTemplate);
    set(modality, builder::setModality);
    set(strategy, builder::setStrategy);
    set(paradigm, builder::setParadigm);
    set(topK, builder::setTopK);
    set(trigger, t -> builder.setTrigger(triggerSettings()));
    set(pool, p -> builder.setPool(poolLimits()));
    set(training, t -> builder.setTraining(trainingSettings()));
    set(gate, g -> builder.setGate(gateLimits()));
    TaskDefinition definition = builder.build();
    if (definition.getPool().getSamples() < definition.getTrigger().getSamples()) {
      errors.add(
          "pool.samples must not be below trigger.samples: a round would never see them all");
    }
    if (!errors.isEmpty()) {
      throw ProblemException.invalid(errors);
    }
    return definition;
  }

  private void checkClasses(List<String> errors) {
    HashSet<String> seen = new HashSet<>();
    for (int i = 0; i < classes.size(); i++) {
      String name = classes.get(i);
      if (name == null || name.isBlank()) {
        errors.add("classes[" + i + "] must not be blank");
      } else if (name.length() > LONGEST_CLASS) {
        errors.add("classes[" + i + "] must have at most " + LONGEST_CLASS + " characters");
      } else if (!name.equals(name.strip())) {
        errors.add("classes[" + i + "] must not begin or end with a space");
      } else if (name.codePoints().anyMatch(Character::isISOControl)) {
        errors.add("classes[" + i + "] must not contain control characters");
      } else if (!seen.add(name)) {
        errors.add("classes[" + i + "] repeats an earlier one");
      }
    }
  }

  private Trigger triggerSettings() {
    Trigger.Builder builder = Trigger.newBuilder();
    set(trigger.samples(), builder::setSamples);
    set(trigger.calibration(), builder::setCalibration);
    set(trigger.drift(), builder::setDrift);
    return builder.build();
  }

  private PoolLimits poolLimits() {
    PoolLimits.Builder builder = PoolLimits.newBuilder();
    set(pool.samples(), builder::setSamples);
    set(pool.bytes(), builder::setBytes);
    return builder.build();
  }

  private Training trainingSettings() {
    Training.Builder builder = Training.newBuilder();
    set(training.rounds(), builder::setRounds);
    set(training.perClass(), builder::setPerClass);
    set(training.classPrior(), builder::setClassPrior);
    set(training.candidateMass(), builder::setCandidateMass);
    set(training.candidateQuantile(), builder::setCandidateQuantile);
    set(training.contextLength(), builder::setContextLength);
    set(training.contextPerClass(), builder::setContextPerClass);
    set(training.prefixLength(), builder::setPrefixLength);
    set(training.epochs(), builder::setEpochs);
    set(training.steps(), builder::setSteps);
    set(training.batchSize(), builder::setBatchSize);
    set(training.learningRate(), builder::setLearningRate);
    set(training.weightDecay(), builder::setWeightDecay);
    set(training.momentum(), builder::setMomentum);
    set(training.validationShare(), builder::setValidationShare);
    set(training.warmUpEpochs(), builder::setWarmUpEpochs);
    set(training.warmStart(), builder::setWarmStart);
    set(training.averaging(), builder::setAveraging);
    set(training.shrinkage(), builder::setShrinkage);
    set(training.seed(), builder::setSeed);
    return builder.build();
  }

  private GateLimits gateLimits() {
    GateLimits.Builder builder = GateLimits.newBuilder();
    set(gate.heldOutShare(), builder::setHeldOutShare);
    set(gate.tolerance(), builder::setTolerance);
    set(gate.minimumEvidence(), builder::setMinimumEvidence);
    return builder.build();
  }

  /** A definition as the API gives it: nothing left out. */
  static TaskSpec of(TaskDefinition definition) {
    Training training = definition.getTraining();
    return new TaskSpec(
        definition.getClasses(),
        definition.getTemplate(),
        definition.getModality(),
        definition.getStrategy(),
        definition.getParadigm(),
        definition.getTopK(),
        new TriggerSpec(
            definition.getTrigger().getSamples(),
            definition.getTrigger().getCalibration(),
            definition.getTrigger().getDrift()),
        new PoolSpec(definition.getPool().getSamples(), definition.getPool().getBytes()),
        new TrainingSpec(
            training.getRounds(),
            training.getPerClass(),
            training.getClassPrior(),
            training.getCandidateMass(),
            training.getCandidateQuantile(),
            training.getContextLength(),
            training.getContextPerClass(),
            training.getPrefixLength(),
            training.getEpochs(),
            training.getSteps(),
            training.getBatchSize(),
            training.getLearningRate(),
            training.getWeightDecay(),
            training.getMomentum(),
            training.getValidationShare(),
            training.getWarmUpEpochs(),
            training.getWarmStart(),
            training.getAveraging(),
            training.getShrinkage(),
            training.getSeed()),
        new GateSpec(
            definition.getGate().getHeldOutShare(),
            definition.getGate().getTolerance(),
            definition.getGate().getMinimumEvidence()));
  }

  private static <T> void set(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }
}
