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
import jakarta.validation.constraints.NotNull;
import java.util.List;
import java.util.function.Consumer;

/**
 * A task's definition as the API takes and gives it. What is left out is as the schema has it by
 * default.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TaskSpec(
    @NotNull List<@NotNull String> classes,
    String template,
    Modality modality,
    Strategy strategy,
    Paradigm paradigm,
    Integer topK,
    Float abstainBelow,
    TriggerSpec trigger,
    PoolSpec pool,
    TrainingSpec training,
    GateSpec gate) {

  /** When a round is due. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TriggerSpec(Integer samples, Integer calibration, Boolean drift) {}

  /** The bounds of the pool. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PoolSpec(Integer samples, Long bytes) {}

  /** The hyperparameters of a round. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TrainingSpec(
      Integer rounds,
      Integer perClass,
      ClassPriorKind classPrior,
      Float candidateMass,
      Float candidateQuantile,
      Integer contextLength,
      Boolean contextPerClass,
      Integer prefixLength,
      Integer epochs,
      Integer steps,
      Integer batchSize,
      Float learningRate,
      Float weightDecay,
      Float momentum,
      Float clipNorm,
      Float reach,
      Float tail,
      Float validationShare,
      Integer warmUpEpochs,
      Boolean warmStart,
      Float averaging,
      Float shrinkage,
      Long seed) {}

  /** The bar for promotion. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record GateSpec(Float heldOutShare, Float tolerance, Integer minimumEvidence) {}

  /** The definition, with the schema's defaults for what is left out; not checked yet. */
  TaskDefinition toDefinition() {
    TaskDefinition.Builder builder = TaskDefinition.newBuilder().setClasses(classes);
    set(template, builder::setTemplate);
    set(modality, builder::setModality);
    set(strategy, builder::setStrategy);
    set(paradigm, builder::setParadigm);
    set(topK, builder::setTopK);
    set(abstainBelow, builder::setAbstainBelow);
    set(trigger, t -> builder.setTrigger(triggerSettings()));
    set(pool, p -> builder.setPool(poolLimits()));
    set(training, t -> builder.setTraining(trainingSettings()));
    set(gate, g -> builder.setGate(gateLimits()));
    return builder.build();
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
    set(training.clipNorm(), builder::setClipNorm);
    set(training.reach(), builder::setReach);
    set(training.tail(), builder::setTail);
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
        definition.getAbstainBelow(),
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
            training.getClipNorm(),
            training.getReach(),
            training.getTail(),
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
