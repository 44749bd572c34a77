package io.gripstream.workshop;

import io.gripstream.cli.Failures;
import io.gripstream.curator.LocalCurator;
import io.gripstream.event.ImageReference;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.Refinement;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.workshop.experiment.Shown;
import io.gripstream.workshop.experiment.drift.Contender;
import io.gripstream.workshop.experiment.drift.Labeling;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The service over a played stream: the curator's own processor and rules, and a refiner that
 * answers a batch at once. A round that fails is told to the curator, as the refiner tells it.
 */
final class ServiceContender implements Contender, LocalCurator.Output {
  private static final String TASK = "experiment";

  private final String name;
  private final Refinement refinement;
  private final LocalCurator curator;
  private final List<RefinementBatch> chunks = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();
  private final Labeling labeling = new Labeling();
  private PromptVersion live;
  private int images;

  /**
   * @param judge says what becomes of candidates
   */
  ServiceContender(
      String name, Refinement refinement, TaskDefinition definition, LocalCurator.Judge judge) {
    this.name = name;
    this.refinement = refinement;
    this.curator = new LocalCurator(TASK, judge, this);
    curator.define(definition, now());
    curator.candidate(refinement.zeroShot(TASK, definition, now()), now());
    if (live == null) {
      throw new IllegalStateException("the curator did not take the zero-shot prompt");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public PromptVersion live() {
    return live;
  }

  @Override
  public void saw(Shown image) throws InterruptedException {
    images++;
    curator.sample(
        Sample.newBuilder()
            .setImageId(image.imageId())
            .setImage(
                ImageReference.newBuilder()
                    .setTopic("")
                    .setPartition(0)
                    .setOffset(images)
                    .setSha256(image.sha256())
                    .build())
            .setFeature(ByteBuffer.wrap(image.feature()))
            .setProbabilities(probabilities(image))
            .setPromptVersion(live.getVersion())
            .setPromptDigest(live.getDigest())
            .setModelId(live.getModelId())
            .build(),
        now());
    // What a candidate brings about may make the next round due.
    while (!chunks.isEmpty()) {
      RoundBatch batch = RoundBatch.assemble(chunks);
      chunks.clear();
      answer(batch);
    }
  }

  /** What the labeler writes into a sample. */
  private List<Float> probabilities(Shown image) {
    List<Float> probabilities = new ArrayList<>();
    for (float each : Scores.softmax(labeling.logits(live, image.feature())).values()) {
      probabilities.add(each);
    }
    return probabilities;
  }

  private void answer(RoundBatch batch) throws InterruptedException {
    PromptVersion candidate;
    try {
      candidate = refinement.train(batch, (done, metrics) -> {});
    } catch (IllegalArgumentException e) {
      RoundEvent failed =
          RoundEvent.newBuilder()
              .setTask(TASK)
              .setRound(batch.round())
              .setType(RoundEventType.FAILED)
              .setVersion(batch.version())
              .setMessage(Failures.sentence(e))
              .setMetrics(Map.of())
              .setAt(now())
              .build();
      round(failed);
      curator.refiner(failed, now());
      return;
    }
    curator.candidate(candidate, now());
  }

  @Override
  public List<Event> events() {
    return List.copyOf(events);
  }

  @Override
  public void batch(RefinementBatch chunk) {
    chunks.add(chunk);
  }

  @Override
  public void prompt(PromptVersion next) {
    live = next;
  }

  @Override
  public void round(RoundEvent event) {
    events.add(new Event(images, event.getType().name(), event.getMessage()));
  }

  /** An image comes each second. */
  private Instant now() {
    return Instant.ofEpochSecond(images);
  }
}
