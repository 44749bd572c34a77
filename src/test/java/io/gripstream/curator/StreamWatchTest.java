package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.TASK;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Float16;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.TorchClip;
import io.gripstream.curator.SamplePool.Limits;
import io.gripstream.event.CommandType;
import io.gripstream.event.PoolLimits;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.Sample;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Tensor;
import io.gripstream.event.Trigger;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.judge.Drift;
import io.gripstream.refine.judge.Evidence;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.sample.SampleStream;
import io.gripstream.sample.SampleStreams;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream whose images change, by the watch alone and through the whole topology. */
class StreamWatchTest {
  private static final int DIMENSION = 96;
  private static final Limits WIDE = new Limits(10_000, 1 << 30);

  private final Encoding<Sample> encoding =
      new Encoding<>(new TopicSerdes(new MemoryRegistry()).samples(), "samples");
  private final Random random = new Random(3);
  private int images;

  @Test
  void aWatchThatBeginsAnewWithEachSampleFindsWhatOneThatGoesOnFinds() {
    KeyValueStore<Bytes, byte[]> first = Stores.inMemory();
    KeyValueStore<Bytes, byte[]> second = Stores.inMemory();
    SamplePool pool = new SamplePool(Stores.inMemory());
    StreamWatch through = new StreamWatch(first, pool, encoding);
    for (int i = 0; i < 400; i++) {
      Sample sample = sample(i < 300 ? 0 : 1);
      pool.put(TASK, sample.getImageId(), encoding.encode(sample), WIDE, id -> false);
      Optional<Drift.Alarm> alarm = through.arrived(TASK, sample, true);
      assertThat(new StreamWatch(second, pool, encoding).arrived(TASK, sample, true))
          .isEqualTo(alarm);
      if (alarm.isPresent()) {
        assertThat(i).isBetween(300, 331);
        assertThat(alarm.get().reference()).isEqualTo(256);
        assertThat(Stores.entries(first)).isZero();
        return;
      }
    }
    throw new AssertionError("the change was not found");
  }

  @Test
  void thePagesOfTheDemosFirstWritersAreNoChange() throws Exception {
    SampleStream pages = SampleStreams.byName("digits");
    Path pico = Path.of(getClass().getResource("/models/pico/config.json").toURI()).getParent();
    List<Sample> samples = new ArrayList<>();
    try (TorchClip clip = TorchClip.load(pico, "pico", ComputeDevice.cpu())) {
      Preprocessor preprocessor = new Preprocessor(clip.preprocessing());
      for (int i = 0; i < 1_000; i++) {
        byte[] pixels = preprocessor.pixels(pages.image(i).png());
        samples.add(sample(clip.encodeImages(List.of(pixels)).values()));
      }
    }
    assertThatNothingChanges(samples);
    // Partitions come in their order, images of several by chance.
    for (int order = 0; order < 4; order++) {
      List<Sample> mixed = new ArrayList<>(samples);
      Random random = new Random(order);
      for (int from = 0; from + 32 <= mixed.size(); from += 32) {
        Collections.shuffle(mixed.subList(from, from + 32), random);
      }
      assertThatNothingChanges(mixed);
    }
  }

  /** While zero-shot is live, and with a prompt that was made of the first 300. */
  private void assertThatNothingChanges(List<Sample> samples) {
    assertThatNothingChanges(samples, samples.size());
    assertThatNothingChanges(samples, 300);
  }

  private void assertThatNothingChanges(List<Sample> samples, int refined) {
    SamplePool pool = new SamplePool(Stores.inMemory());
    StreamWatch watch = new StreamWatch(Stores.inMemory(), pool, encoding);
    for (int i = 0; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      pool.put(TASK, sample.getImageId(), encoding.encode(sample), WIDE, id -> false);
      assertThat(watch.arrived(TASK, sample, i < refined))
          .as("image %d, refined after %d", i, refined)
          .isEmpty();
      if (i + 1 == refined) {
        watch.closed(TASK, 1);
        watch.serving(TASK, 1);
      }
    }
  }

  @Test
  void theStateThatASampleCostsIsSmallAndBounded() {
    KeyValueStore<Bytes, byte[]> store = Stores.inMemory();
    SamplePool pool = new SamplePool(Stores.inMemory());
    StreamWatch watch = new StreamWatch(store, pool, encoding);
    for (int i = 0; i < 600; i++) {
      Sample sample = sample(0);
      pool.put(TASK, sample.getImageId(), encoding.encode(sample), WIDE, id -> false);
      assertThat(watch.arrived(TASK, sample, true)).isEmpty();
    }
    assertThat(Stores.entries(store)).isEqualTo(1 + Drift.BLOCKS + 1);
    assertThat(store.get(Keys.of((byte) 0, TASK)).length).isLessThan(300);
  }

  @Test
  void aFeatureThatIsNotFiniteIsNotWatched() {
    KeyValueStore<Bytes, byte[]> store = Stores.inMemory();
    StreamWatch watch = new StreamWatch(store, new SamplePool(Stores.inMemory()), encoding);
    float[] feature = new float[DIMENSION];
    feature[7] = Float.NaN;
    assertThat(watch.arrived(TASK, sample(feature), true)).isEmpty();
    assertThat(Stores.entries(store)).isZero();
  }

  @Test
  void aChangedStreamIsServedByZeroShotWithinThirtyTwoImagesAndCalibratedAnew(@TempDir Path where) {
    try (CuratorDriver curator = new CuratorDriver(where)) {
      begin(curator, task(1000, 140, true));
      send(curator, 139, 0);
      assertThat(curator.batches()).isEmpty();
      send(curator, 1, 0);
      RefinementBatch batch = curator.batches().get(0);
      assertThat(batch.getStrategy()).isEqualTo(io.gripstream.event.Strategy.BALANCE);
      assertThat(curator.diary().get(0).getMessage())
          .isEqualTo("calibration from version 0, with 140 samples, 0 of them labelled: UL");
      curator.candidate(trainedOf(1, 1, zeroShot()));
      assertThat(curator.prompts()).containsExactly(1);
      send(curator, 200, 0);
      assertThat(curator.diaryTypes()).containsExactly(RoundEventType.PROMOTED);
      curator.command(CommandType.REFINE_NOW, null);
      curator.diary();
      curator.batches();

      send(curator, 32, 1);
      assertThat(curator.prompts()).containsExactly(0);
      List<RoundEvent> diary = curator.diary();
      assertThat(diary).extracting(RoundEvent::getType).containsExactly(RoundEventType.DRIFTED);
      assertThat(diary.get(0).getVersion()).isZero();
      // The reference is what the calibration round saw.
      assertThat(diary.get(0).getMessage()).contains("from the 140 before");
      assertThat(curator.meters.counter(CurateProcessor.NOTED, "type", "DRIFTED").count())
          .isEqualTo(1);
      curator.candidate(trainedOf(2, 2, trainedOf(1, 1, zeroShot())));
      assertThat(curator.diary().get(0).getMessage()).contains("the stream has changed since");
      assertThat(curator.prompts()).isEmpty();

      send(curator, 140, 1);
      RoundBatch fresh = RoundBatch.assemble(curator.batches());
      assertThat(fresh.strategy()).isEqualTo(io.gripstream.event.Strategy.BALANCE);
      assertThat(fresh.base().getVersion()).isZero();
      // The window that raised the alarm, and what came since.
      assertThat(fresh.samples()).hasSizeLessThan(140 + 32);
      curator.candidate(trainedOf(3, 3, zeroShot()));
      assertThat(curator.prompts()).containsExactly(3);
      send(curator, 300, 1);
      assertThat(curator.diaryTypes()).doesNotContain(RoundEventType.DRIFTED);
    }
  }

  @Test
  void aPinnedTaskOneThatDoesNotWantItAndOneThatKeepsItsStreamDoNotMove(@TempDir Path where) {
    try (CuratorDriver curator = new CuratorDriver(where)) {
      begin(curator, task(1000, 140, true));
      send(curator, 140, 0);
      curator.candidate(trainedOf(1, 1, zeroShot()));
      curator.command(CommandType.PIN, null);
      curator.prompts();
      curator.diary();
      send(curator, 40, 1);
      assertThat(curator.prompts()).isEmpty();
      assertThat(curator.diaryTypes()).containsExactly(RoundEventType.DRIFTED);

      curator.define(task(1000, 0, false).build());
      send(curator, 300, 1);
      send(curator, 40, 0);
      assertThat(curator.prompts()).isEmpty();
      assertThat(curator.diary()).isEmpty();
    }
  }

  @Test
  void aTaskThatEndsLeavesNothingOfItsStream(@TempDir Path where) {
    try (CuratorDriver curator = new CuratorDriver(where)) {
      begin(curator, task(1000, 140, true));
      send(curator, 141, 0);
      curator.define(null);
      // Two are the versions that were handed out: the round's may still be trained somewhere.
      assertThat(curator.stored()).isEqualTo(4);
    }
  }

  @Test
  void aBatchBearsThePredecessorAndAVerdictBringsItBack(@TempDir Path where) {
    Gate.Action[] verdict = {Gate.Action.PROMOTE};
    try (CuratorDriver curator =
        new CuratorDriver(where, (limits, evidence) -> new Gate.Verdict(verdict[0], "worse"))) {
      begin(curator, task(4, 0, true));
      PromptVersion live = zeroShot();
      for (int round = 1; round <= 3; round++) {
        send(curator, 4, 0);
        RoundBatch batch = RoundBatch.assemble(curator.batches());
        assertThat(batch.predecessor().map(PromptVersion::getVersion))
            .isEqualTo(round < 3 ? Optional.empty() : Optional.of(1));
        verdict[0] = round < 3 ? Gate.Action.PROMOTE : Gate.Action.BACK_TO_PREDECESSOR;
        PromptVersion candidate = trainedOf(round, round, live);
        curator.candidate(candidate);
        live = candidate;
      }
      assertThat(curator.prompts()).containsExactly(1, 2, 1);
      assertThat(curator.diaryTypes()).endsWith(RoundEventType.HELD, RoundEventType.ROLLED_BACK);
      send(curator, 4, 0);
      assertThat(RoundBatch.assemble(curator.batches()).predecessor()).isEmpty();
    }
  }

  @Test
  void aCandidateIsJudgedByWhatItsPoolIsWorth(@TempDir Path mixed, @TempDir Path inStretches) {
    assertThat(poolWorth(mixed, 1)).isGreaterThan(350);
    assertThat(poolWorth(inStretches, 50)).isLessThan(300);
  }

  /** Of 400 images of two kinds by turns, so many of each. */
  private double poolWorth(Path where, int stretch) {
    List<Double> worth = new ArrayList<>();
    try (CuratorDriver curator =
        new CuratorDriver(
            where,
            (limits, evidence) -> {
              worth.add(evidence.get(Evidence.POOL_WORTH));
              return new Gate.Verdict(Gate.Action.HOLD, "so it is");
            })) {
      begin(curator, task(400, 0, true));
      for (int i = 0; i < 400; i++) {
        send(curator, 1, i / stretch % 2);
      }
      curator.candidate(trainedOf(1, 1, zeroShot()));
    }
    return worth.get(0);
  }

  private static TaskDefinition.Builder task(int samples, int calibration, boolean drift) {
    return Fixtures.definition()
        .setPool(new PoolLimits(2000, 10_000_000L))
        .setTrigger(new Trigger(samples, calibration, drift));
  }

  private static void begin(CuratorDriver curator, TaskDefinition.Builder task) {
    curator.define(task.build());
    curator.candidate(zeroShot());
    assertThat(curator.prompts()).containsExactly(0);
    curator.diary();
  }

  private static PromptVersion zeroShot() {
    return wide(Fixtures.zeroShot(0));
  }

  private static PromptVersion trainedOf(int version, int round, PromptVersion parent) {
    return wide(Fixtures.trained(version, round, parent, 1));
  }

  private static PromptVersion wide(PromptVersion prompt) {
    Tensor features = Fixtures.features(prompt.getVersion(), 2, DIMENSION);
    return Fixtures.sealed(
        PromptVersion.newBuilder(prompt).setClassFeatures(features).setZeroShotFeatures(features));
  }

  private void send(CuratorDriver curator, int count, int domain) {
    for (int i = 0; i < count; i++) {
      curator.sample(sample(domain));
    }
  }

  /** Of two clusters; the other domain lies half a unit away. */
  private Sample sample(int domain) {
    float[] feature = new float[DIMENSION];
    double norm = 0;
    for (int i = 0; i < DIMENSION; i++) {
      feature[i] = (float) (random.nextGaussian() * 0.6 / Math.sqrt(DIMENSION));
    }
    feature[0] += 0.7f;
    feature[random.nextInt(2) + 1] += 0.3f;
    feature[5 + domain] += 0.35f;
    for (float each : feature) {
      norm += each * each;
    }
    for (int i = 0; i < DIMENSION; i++) {
      feature[i] /= (float) Math.sqrt(norm);
    }
    return sample(feature);
  }

  private Sample sample(float[] feature) {
    return Sample.newBuilder(Fixtures.sample("image-" + images++))
        .setFeature(ByteBuffer.wrap(Float16.encode(feature)))
        .build();
  }
}
