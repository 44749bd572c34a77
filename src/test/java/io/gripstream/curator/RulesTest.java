package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.CLASSES;
import static io.gripstream.curator.Fixtures.command;
import static io.gripstream.curator.Fixtures.definition;
import static io.gripstream.curator.Fixtures.prompt;
import static io.gripstream.curator.Fixtures.trained;
import static io.gripstream.curator.Fixtures.zeroShot;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.CommandType;
import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules by themselves: no stores, no topics. */
class RulesTest {
  private final Rounds rounds = new Rounds();
  private final Commands commands = new Commands(rounds);
  private final Definitions definitions = new Definitions();
  private final Candidates candidates = new Candidates(Fixtures.GATE);
  private final MapVersions versions = new MapVersions();

  private TaskDefinition definition;
  private TaskState state = TaskState.NEW;
  private int pooled = 50;
  private List<Decision> decisions;

  @BeforeEach
  void begin() {
    decide(context -> definitions.adopt(context, definition().build()));
    decide(context -> candidates.admit(context, zeroShot(0)));
    assertThat(served()).containsExactly(0);
  }

  @Test
  void aCandidateThatDoesNotAnswerTheRoundInFlightIsHeldAndKept() {
    command(CommandType.REFINE_NOW);
    decide(context -> rounds.hear(context, Fixtures.refiner(RoundEventType.FAILED, 1)));
    command(CommandType.REFINE_NOW);
    assertThat(state.flight().version()).isEqualTo(2);
    decide(context -> candidates.consider(context, trained(1, 1, zeroShot(0), 1)));
    assertThat(served()).isEmpty();
    assertThat(note()).isEqualTo("round 1 is not in flight");
    assertThat(state.flight()).isNotNull();
    command(CommandType.PIN, 1);
    assertThat(served()).containsExactly(1);
  }

  @Test
  void aCandidateOfAParentWithTheLiveVersionButAnotherDigestIsHeld() {
    command(CommandType.REFINE_NOW);
    PromptVersion stranger =
        PromptVersion.newBuilder(trained(1, 1, zeroShot(0), 1))
            .setParent(new PromptIdentity(0, "another"))
            .build();
    decide(context -> candidates.consider(context, stranger));
    assertThat(served()).isEmpty();
    assertThat(note()).contains("trained from version 0");
    assertThat(state.flight()).isNull();
  }

  @Test
  void aMalformedCandidateIsHeldNotKeptAndEndsItsRound() {
    command(CommandType.REFINE_NOW);
    PromptVersion short_ =
        PromptVersion.newBuilder(trained(1, 1, zeroShot(0), 1))
            .setClassFeatures(Fixtures.tensor(1, 2))
            .build();
    decide(context -> candidates.consider(context, short_));
    assertThat(note())
        .isEqualTo("the candidate cannot be served: 2 classes have class features [1, 2]");
    assertThat(state.flight()).isNull();
    assertThat(versions.find(1)).isEmpty();
  }

  /** A calibrated head has no tensors either; it is no zero-shot prompt for that. */
  @Test
  void aCandidateWithNothingButABiasOrAMakerMustPassTheGateToo() {
    PromptVersion worse =
        PromptVersion.newBuilder(trained(1, 1, zeroShot(0), -1)).setTensors(Map.of()).build();
    command(CommandType.REFINE_NOW);
    decide(
        context ->
            candidates.consider(
                context,
                Fixtures.sealed(PromptVersion.newBuilder(worse).setBias(List.of(1f, -1f)))));
    assertThat(note()).isEqualTo("it is not better");
    command(CommandType.REFINE_NOW);
    decide(
        context ->
            candidates.consider(
                context,
                Fixtures.sealed(
                    PromptVersion.newBuilder(worse)
                        .setVersion(2)
                        .setRound(2)
                        .setMadeBy(Strategy.MIXTURE))));
    assertThat(note()).isEqualTo("it is not better");
  }

  @Test
  void everyFaultOfAPromptIsNamed() {
    assertThat(fault(prompt(-1).build())).hasValue("its version is -1");
    assertThat(fault(prompt(0).setLogitScale(Float.NaN).build()))
        .hasValue("its logit scale is NaN");
    assertThat(fault(prompt(0).setBias(List.of(1f)).build()))
        .hasValue("2 classes have a bias of 1 numbers");
    assertThat(fault(prompt(0).setBias(List.of(1f, Float.NaN)).build()))
        .hasValue("its bias holds a number that is not finite");
    assertThat(fault(prompt(0).setBias(List.of(1f, -1f)).build())).isEmpty();
    assertThat(fault(prompt(0).setZeroShotFeatures(Fixtures.tensor(2, 3)).build()))
        .hasValueSatisfying(fault -> assertThat(fault).startsWith("zero-shot features [2, 3]"));
    var broken = Fixtures.tensor(1, 1);
    broken.getData().order(java.nio.ByteOrder.LITTLE_ENDIAN).putFloat(0, Float.NaN);
    assertThat(fault(prompt(0).setTensors(Map.of("context", broken)).build()))
        .hasValue("context holds a number that is not finite");
    var short_ = new Tensor(List.of(2, 2), ByteBuffer.allocate(4));
    assertThat(fault(prompt(0).setTensors(Map.of("context", short_)).build()))
        .hasValue("context of shape [2, 2] has 4 bytes");
    assertThat(fault(prompt(0).setModelId("m".repeat(100_000)).build())).isPresent();
    assertThat(fault(zeroShot(0))).isEmpty();
  }

  @Test
  void promptsOfEveryModalityAreSoundAndShapesThatTheirDataCannotHaveAreNot() {
    Map<String, Tensor> tensors =
        Map.of(
            "context",
            new Tensor(List.of(1, 2, 3), ByteBuffer.allocate(24)),
            "prefix",
            Fixtures.tensor(4, 6),
            "fusion.up",
            Fixtures.tensor(6, 2),
            "fusion.bias",
            new Tensor(List.of(6), ByteBuffer.allocate(24)));
    assertThat(fault(prompt(1).setModality(Modality.MULTIMODAL).setTensors(tensors).build()))
        .isEmpty();
    // 2^31 * 2^31 * 4 is 2^64, which is 0 in 64 bits.
    Tensor wrapping = new Tensor(List.of(1 << 30, 1 << 30, 4), ByteBuffer.allocate(0));
    assertThat(fault(prompt(1).setTensors(Map.of("prefix", wrapping)).build()))
        .hasValue("prefix of shape [1073741824, 1073741824, 4] has 0 bytes");
    Tensor empty = new Tensor(List.of(0, 6), ByteBuffer.allocate(0));
    assertThat(fault(prompt(1).setTensors(Map.of("prefix", empty)).build()))
        .hasValue("prefix has the shape [0, 6]");
    Tensor deep = new Tensor(Collections.nCopies(9, 1), ByteBuffer.allocate(4));
    assertThat(fault(prompt(1).setTensors(Map.of("prefix", deep)).build())).isPresent();
    Map<String, Tensor> many = new HashMap<>();
    for (int i = 0; i < 101; i++) {
      many.put("tensor-" + i, Fixtures.tensor(1, 1));
    }
    assertThat(fault(prompt(1).setTensors(many).build())).isPresent();
    assertThat(fault(prompt(1).setTensors(Map.of(" ", empty)).build())).isPresent();
  }

  /** What is wrong with the prompt under its true digest. */
  private static Optional<String> fault(PromptVersion prompt) {
    return Prompts.fault(Fixtures.sealed(PromptVersion.newBuilder(prompt)), null);
  }

  static List<Arguments> unservable() {
    UnaryOperator<PromptVersion.Builder> wide =
        prompt ->
            prompt
                .setClassFeatures(Fixtures.features(0, 2, 3))
                .setZeroShotFeatures(Fixtures.features(0, 2, 3));
    return List.of(
        unservable("its class features have 3 numbers", wide),
        unservable("its logit scale is Infinity", p -> p.setLogitScale(Float.POSITIVE_INFINITY)),
        unservable("its logits may be", p -> p.setLogitScale(1e8f)),
        unservable("length 0.7071", p -> p.setClassFeatures(Fixtures.tensor(2, 2))),
        unservable("length 0.7071", p -> p.setZeroShotFeatures(Fixtures.tensor(2, 2))));
  }

  private static Arguments unservable(String why, UnaryOperator<PromptVersion.Builder> change) {
    return Arguments.of(why, change);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unservable")
  void whatNoLabelerWouldServeGoesNeverLive(
      String why, UnaryOperator<PromptVersion.Builder> change) {
    command(CommandType.REFINE_NOW);
    PromptVersion trained = trained(1, 1, zeroShot(0), 1);
    PromptVersion forged = Fixtures.sealed(change.apply(PromptVersion.newBuilder(trained)));
    decide(context -> candidates.consider(context, forged));
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.HELD);
    assertThat(note()).startsWith("the candidate cannot be served: ").contains(why);
    assertThat(state.flight()).isNull();
    command(CommandType.PIN, 1);
    assertThat(served()).isEmpty();

    // Also not where it would be due, as after a redefinition.
    List<String> birds = List.of("owl", "wren");
    decide(context -> definitions.adopt(context, definition().setClasses(birds).build()));
    PromptVersion made = Fixtures.sealed(change.apply(prompt(0).setClasses(birds)));
    decide(context -> candidates.admit(context, made));
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.REFUSED);
    assertThat(note()).startsWith("the zero-shot prompt cannot be served: ").contains(why);
    assertThat(served()).isEmpty();
  }

  @Test
  void aCandidateWhoseDigestIsAnothersGoesNeverLive() {
    command(CommandType.REFINE_NOW);
    PromptVersion trained = trained(1, 1, zeroShot(0), 1);
    PromptVersion forged = PromptVersion.newBuilder(trained).setBias(List.of(9f, 0f)).build();
    decide(context -> candidates.consider(context, forged));
    assertThat(note())
        .startsWith("the candidate cannot be served: its digest is " + trained.getDigest());
    assertThat(versions.find(1)).isEmpty();
    assertThat(served()).isEmpty();
    PromptVersion made =
        PromptVersion.newBuilder(other(1)).setDigest(zeroShot(0).getDigest()).build();
    decide(context -> candidates.admit(context, made));
    assertThat(note()).startsWith("the zero-shot prompt cannot be served: its digest is");
    assertThat(versions.all()).hasSize(1);
  }

  @Test
  void aVersionFarAheadDoesNotUseUpTheNumbersBeforeIt() {
    int far = Integer.MAX_VALUE - 1;
    decide(context -> candidates.consider(context, trained(far, 1, zeroShot(0), 1)));
    assertThat(note()).isEqualTo("version %d was not handed out".formatted(far));
    decide(context -> candidates.consider(context, prompt(far).setLogitScale(-1).build()));
    assertThat(state.nextVersion()).isEqualTo(1);
  }

  @Test
  void anotherModalityStrategyOrParadigmChangesNeitherWhatIsLiveNorTheRoundInFlight() {
    command(CommandType.REFINE_NOW);
    decide(
        context ->
            definitions.adopt(
                context,
                definition()
                    .setModality(Modality.VISUAL)
                    .setStrategy(Strategy.CPL)
                    .setParadigm(Paradigm.UL)
                    .build()));
    assertThat(decisions).isEmpty();
    assertThat(state.live().fits()).isTrue();
    decide(context -> candidates.consider(context, trained(1, 1, zeroShot(0), 1)));
    assertThat(served()).containsExactly(1);

    command(CommandType.REFINE_NOW);
    PromptVersion visual =
        Fixtures.sealed(
            PromptVersion.newBuilder(trained(2, 2, trained(1, 1, zeroShot(0), 1), 1))
                .setModality(Modality.VISUAL)
                .setTensors(Map.of("prefix", Fixtures.tensor(4, 6))));
    decide(context -> candidates.consider(context, visual));
    assertThat(served()).containsExactly(2);
    command(CommandType.ROLL_BACK);
    assertThat(served()).containsExactly(1);
  }

  @Test
  void theVerdictOnACandidateBearsItsParadigm() {
    command(CommandType.REFINE_NOW);
    decide(context -> candidates.consider(context, of(1, Paradigm.SSL, 0)));
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.HELD);
    assertThat(events()).extracting(RoundEvent::getParadigm).containsExactly(Paradigm.SSL);
    command(CommandType.REFINE_NOW);
    decide(context -> candidates.consider(context, of(2, Paradigm.TRZSL, 1)));
    assertThat(events()).extracting(RoundEvent::getType).containsExactly(RoundEventType.PROMOTED);
    assertThat(events()).extracting(RoundEvent::getParadigm).containsExactly(Paradigm.TRZSL);
  }

  private static PromptVersion of(int version, Paradigm paradigm, double better) {
    return PromptVersion.newBuilder(trained(version, version, zeroShot(0), better))
        .setParadigm(paradigm)
        .build();
  }

  @Test
  void aZeroShotPromptLikeTheLiveOneIsKeptButDoesNotReplaceIt() {
    decide(context -> candidates.admit(context, zeroShot(1)));
    assertThat(decisions).containsExactly(new Decision.Publish(zeroShot(1)));
    assertThat(versions.find(1)).isPresent();
    assertThat(state.nextVersion()).isEqualTo(2);
  }

  @Test
  void anotherPromptOfTheLiveVersionIsRefused() {
    decide(
        context ->
            candidates.consider(context, Fixtures.sealed(prompt(0).setBias(List.of(1f, 0f)))));
    assertThat(served()).isEmpty();
    assertThat(note()).isEqualTo("version 0 is another prompt");
    assertThat(versions.find(0).orElseThrow().prompt()).isEqualTo(zeroShot(0));
  }

  @Test
  void aZeroShotPromptThatIsNoneIsRefused() {
    decide(context -> candidates.admit(context, trained(1, 1, zeroShot(0), 1)));
    assertThat(note()).isEqualTo("the zero-shot prompt cannot be served: a round made it");
    decide(
        context -> candidates.admit(context, Fixtures.sealed(prompt(0).setLogitScale(Float.NaN))));
    assertThat(note()).isEqualTo("the zero-shot prompt cannot be served: its logit scale is NaN");
    assertThat(versions.all()).hasSize(1);
  }

  @Test
  void commandsThatCannotBeObeyedAreRefusedWithTheirReason() {
    command(CommandType.ROLL_BACK);
    assertThat(note()).isEqualTo("ROLL_BACK: version 0 has no parent (because)");
    command(CommandType.ROLL_BACK, 0);
    assertThat(note()).isEqualTo("ROLL_BACK 0: version 0 is live already (because)");
    command(CommandType.PIN, 9);
    assertThat(note())
        .isEqualTo("PIN 9: version 9 is not among the last 50 that are kept (because)");
    command(CommandType.UNPIN);
    assertThat(note()).isEqualTo("UNPIN: no version is pinned (because)");
    command(CommandType.RESUME);
    assertThat(note()).isEqualTo("RESUME: the task is not paused (because)");
    decide(context -> candidates.admit(context, other(1)));
    command(CommandType.PIN, 1);
    assertThat(note()).startsWith("PIN 1: version 1 is of other classes");
    assertThat(served()).isEmpty();
    assertThat(state.pinned()).isFalse();
  }

  @Test
  void aRollBackMovesThePinAlong() {
    promoteOne();
    command(CommandType.PIN);
    command(CommandType.ROLL_BACK);
    assertThat(served()).containsExactly(0);
    assertThat(state.pinned()).isTrue();
  }

  @Test
  void otherClassesTakeThePinOffAndTheirReturnBringsBackWhatWasLiveLast() {
    promoteOne();
    command(CommandType.PIN);
    decide(
        context ->
            definitions.adopt(context, definition().setClasses(other(2).getClasses()).build()));
    assertThat(state.pinned()).isFalse();
    assertThat(state.live().fits()).isFalse();
    decide(context -> candidates.admit(context, other(2)));
    assertThat(served()).containsExactly(2);
    decide(context -> definitions.adopt(context, definition().setClasses(CLASSES).build()));
    assertThat(served()).containsExactly(1);
    assertThat(state.live().fits()).isTrue();
  }

  @Test
  void aChangeThatLeavesClassesAndTemplateAlonePassesTheRoundInFlightBy() {
    command(CommandType.REFINE_NOW);
    decide(context -> definitions.adopt(context, definition().setTopK(2).build()));
    assertThat(state.flight()).isNotNull();
    decide(
        context ->
            definitions.adopt(context, definition().setTemplate("a drawing of a {}").build()));
    assertThat(state.flight()).isNull();
  }

  @Test
  void aRoundThatIsDueWithTooFewSamplesIsRefusedOncePerCount() {
    pooled = 1;
    state = state.arrived(4);
    decide(rounds::requestIfDue);
    assertThat(note()).isEqualTo("the pool has 1 samples, a round needs 2");
    decide(rounds::requestIfDue);
    assertThat(decisions).isEmpty();
  }

  @Test
  void aFailureOfAnotherRoundDoesNotEndTheOneInFlight() {
    command(CommandType.REFINE_NOW);
    decide(context -> rounds.hear(context, Fixtures.refiner(RoundEventType.FAILED, 0)));
    assertThat(state.flight()).isNotNull();
    decide(context -> rounds.hear(context, Fixtures.refiner(RoundEventType.FAILED, 1)));
    assertThat(state.flight()).isNull();
  }

  /** Version 1, trained and promoted. */
  private void promoteOne() {
    command(CommandType.REFINE_NOW);
    decide(context -> candidates.consider(context, trained(1, 1, zeroShot(0), 1)));
    assertThat(served()).containsExactly(1);
  }

  private static PromptVersion other(int version) {
    return Fixtures.sealed(prompt(version).setClasses(List.of("owl", "wren")));
  }

  private void command(CommandType type) {
    command(type, null);
  }

  private void command(CommandType type, Integer version) {
    decide(context -> commands.obey(context, Fixtures.command(type, version)));
  }

  private long now;

  private void decide(Consumer<TaskContext> rule) {
    now++;
    TaskContext context =
        new TaskContext(Fixtures.TASK, definition, state, versions, () -> pooled, now);
    rule.accept(context);
    definition = context.definition();
    state = context.state();
    decisions = context.decisions();
  }

  private List<Integer> served() {
    return decisions.stream()
        .filter(Decision.Serve.class::isInstance)
        .map(decision -> ((Decision.Serve) decision).prompt().getVersion())
        .toList();
  }

  /** The message of the only entry that the last turn made. */
  private String note() {
    assertThat(events()).hasSize(1);
    return events().get(0).getMessage();
  }

  private List<RoundEvent> events() {
    return decisions.stream()
        .filter(Decision.Note.class::isInstance)
        .map(decision -> ((Decision.Note) decision).event())
        .toList();
  }

  static final class MapVersions implements Versions {
    private final TreeMap<Integer, Known> known = new TreeMap<>();
    private final Map<Integer, Integer> handedOut = new HashMap<>();

    @Override
    public Optional<Known> find(int version) {
      return Optional.ofNullable(known.get(version));
    }

    @Override
    public OptionalInt handedOutTo(int version) {
      Integer round = handedOut.get(version);
      return round == null ? OptionalInt.empty() : OptionalInt.of(round);
    }

    @Override
    public void handOut(int version, int round) {
      handedOut.put(version, round);
    }

    @Override
    public List<Known> all() {
      return new ArrayList<>(known.values());
    }

    @Override
    public void keep(Known one, Predicate<PromptVersion> mustStay) {
      known.put(one.prompt().getVersion(), one);
    }

    @Override
    public void retain(Predicate<PromptVersion> stay) {
      known.values().removeIf(one -> !stay.test(one.prompt()));
    }
  }
}
