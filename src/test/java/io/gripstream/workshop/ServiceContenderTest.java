package io.gripstream.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.GateLimits;
import io.gripstream.event.Modality;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.PromptIdentity;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.event.Trigger;
import io.gripstream.prompt.PromptDigest;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.workshop.experiment.Shown;
import io.gripstream.workshop.experiment.drift.Contender;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceContenderTest {
  private static final TaskDefinition DEFINITION =
      TaskDefinition.newBuilder()
          .setClasses(List.of("a", "b"))
          .setTrigger(new Trigger(10, 0, false))
          .setPool(PoolLimits.newBuilder().setSamples(15).build())
          .setGate(new GateLimits(0f, 0f, 2))
          .build();

  private final List<RoundBatch> batches = new ArrayList<>();

  @Test
  void aRoundIsDueEveryTenImagesAndWhatItPromotesLabelsTheNextImage() throws Exception {
    ServiceContender contender = contender(Gate.Action.PROMOTE, Integer.MAX_VALUE);
    List<Integer> live = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      live.add(contender.live().getVersion());
      contender.saw(image(i));
    }
    assertThat(live.subList(0, 10)).containsOnly(0);
    assertThat(live.subList(10, 20)).containsOnly(1);
    assertThat(live.subList(20, 25)).containsOnly(2);
    assertThat(batches).hasSize(2);
    assertThat(batches.get(0).samples()).hasSize(10);
    assertThat(batches.get(1).samples()).as("the pool is bounded").hasSize(15);
    assertThat(batches.get(1).base().getVersion()).isEqualTo(1);
    assertThat(contender.events())
        .extracting(Contender.Event::what)
        .containsExactly("PROMOTED", "REQUESTED", "PROMOTED", "REQUESTED", "PROMOTED");
    assertThat(contender.events())
        .extracting(Contender.Event::image)
        .containsExactly(0, 10, 10, 20, 20);
  }

  @Test
  void whatIsHeldLabelsNothing() throws Exception {
    ServiceContender contender = contender(Gate.Action.HOLD, Integer.MAX_VALUE);
    for (int i = 0; i < 25; i++) {
      contender.saw(image(i));
    }
    assertThat(contender.live().getVersion()).isZero();
    assertThat(batches).hasSize(2);
  }

  @Test
  void aRoundThatFailsStandsInTheWayOfNone() throws Exception {
    ServiceContender contender = contender(Gate.Action.PROMOTE, 1);
    for (int i = 0; i < 20; i++) {
      contender.saw(image(i));
    }
    assertThat(contender.events())
        .extracting(Contender.Event::what)
        .containsExactly("PROMOTED", "REQUESTED", "FAILED", "REQUESTED", "PROMOTED");
    assertThat(contender.live().getVersion()).isEqualTo(2);
  }

  /**
   * @param failing the round that fails
   */
  private ServiceContender contender(Gate.Action action, int failing) {
    Refinement refinement =
        new Refinement() {
          @Override
          public PromptVersion zeroShot(String task, TaskDefinition definition, Instant createdAt) {
            return sealed(prompt(0).setTask(task).setCreatedAt(createdAt));
          }

          @Override
          public PromptVersion train(RoundBatch batch, Progress progress) {
            batches.add(batch);
            if (batch.round() == failing) {
              throw new IllegalArgumentException("the pool is too small");
            }
            return sealed(
                prompt(batch.version())
                    .setTask(batch.task())
                    .setRound(batch.round())
                    .setTensors(Map.of("context", tensor()))
                    .setParent(
                        new PromptIdentity(batch.base().getVersion(), batch.base().getDigest())));
          }
        };
    return new ServiceContender(
        "service",
        refinement,
        DEFINITION,
        (limits, evidence) -> new Gate.Verdict(action, "because"));
  }

  private static Shown image(int index) {
    return new Shown("image " + index, "00", 0, 0, Float16.encode(new float[] {1, 0}));
  }

  private static PromptVersion sealed(PromptVersion.Builder prompt) {
    return prompt.setDigest(PromptDigest.of(prompt.build())).build();
  }

  private static PromptVersion.Builder prompt(int version) {
    return PromptVersion.newBuilder()
        .setTask("task")
        .setVersion(version)
        .setDigest("")
        .setParent(null)
        .setModelId("model")
        .setModality(Modality.TEXT)
        .setClasses(DEFINITION.getClasses())
        .setTemplate(DEFINITION.getTemplate())
        .setClassFeatures(tensor())
        .setZeroShotFeatures(tensor())
        .setLogitScale(1)
        .setRound(0)
        .setCreatedAt(Instant.EPOCH);
  }

  private static Tensor tensor() {
    return Tensors.encode(FloatTensor.matrix(2, 2, new float[] {1, 0, 0, 1}));
  }
}
