package io.gripstream.curator;

import static io.gripstream.curator.Fixtures.TASK;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.curator.SamplePool.Limits;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Sample;
import io.gripstream.event.Strategy;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.train.RoundBatch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final Limits WIDE = new Limits(10_000, 1 << 30);

  private final TopicSerdes serdes = new TopicSerdes(new MemoryRegistry());
  private final Encoding<Sample> samples = new Encoding<>(serdes.samples(), "samples");
  private final Encoding<PromptVersion> prompts = new Encoding<>(serdes.prompts(), "prompts");
  private final SamplePool pool = new SamplePool(Stores.inMemory());
  private final Labels labels =
      new Labels(new SamplePool(Stores.inMemory()), new Encoding<>(serdes.labels(), "labels"));
  private final Batches batches = new Batches(pool, labels, samples, prompts);

  @Test
  void aLargePoolLeavesInOrderInChunksOfSoManySamples() {
    List<Integer> order = new ArrayList<>(IntStream.range(0, 1200).boxed().toList());
    Collections.shuffle(order, new Random(1));
    order.forEach(i -> remember(Fixtures.sample("image-%04d".formatted(i))));
    List<RefinementBatch> chunks = new ArrayList<>();
    Batches.Content content = write(Fixtures.zeroShot(0), chunks);
    assertThat(chunks)
        .extracting(chunk -> chunk.getSamples().size())
        .containsExactly(500, 500, 200);
    assertThat(RoundBatch.assemble(chunks).samples())
        .extracting(BatchSample::getImageId)
        .containsExactlyElementsOf(
            IntStream.range(0, 1200).mapToObj("image-%04d"::formatted).toList());
    assertThat(content).isEqualTo(new Batches.Content(1200, 0, 0, Paradigm.UL));
  }

  @Test
  void noChunkHasMoreBytesThanAllowedUnlessOneSampleOrTheBaseHas() {
    String uri = "x".repeat(150_000);
    for (int i = 0; i < 9; i++) {
      ImageReference image = new ImageReference("images", 0, (long) i, uri, "00");
      remember(
          new Sample("i" + i, image, ByteBuffer.allocate(4), List.of(), 0, "d", Fixtures.MODEL));
    }
    PromptVersion large =
        Fixtures.prompt(0)
            .setClassFeatures(Fixtures.tensor(2, 60_000))
            .setZeroShotFeatures(Fixtures.tensor(2, 60_000))
            .build();
    List<RefinementBatch> chunks = new ArrayList<>();
    write(large, chunks);
    assertThat(chunks).extracting(chunk -> chunk.getSamples().size()).containsExactly(0, 4, 4, 1);
    assertThat(RoundBatch.assemble(chunks).samples()).hasSize(9);
    for (RefinementBatch chunk : chunks.subList(1, 4)) {
      assertThat(serdes.batches().serialize("batches", chunk).length)
          .isLessThan(Batches.CHUNK_BYTES);
    }
  }

  @Test
  void theFirstChunkSaysWhatTheRoundFollowsAndWhatTheBaseReplaced() {
    for (int i = 0; i < 600; i++) {
      remember(Fixtures.sample("image-%04d".formatted(i)));
    }
    List<RefinementBatch> chunks = new ArrayList<>();
    PromptVersion before = Fixtures.trained(1, 1, Fixtures.zeroShot(0), 1);
    PromptVersion base = Fixtures.trained(2, 2, before, 1);
    write(base, Optional.of(before), new Decision.Request(7, 9, 5), chunks);
    RoundBatch batch = RoundBatch.assemble(chunks);
    assertThat(batch.predecessor()).hasValue(before);
    assertThat(batch.strategy()).isEqualTo(Fixtures.definition().build().getStrategy());
    assertThat(batch.round()).isEqualTo(7);
    assertThat(batch.step()).isEqualTo(5);
    assertThat(chunks.get(1).getPredecessor()).isNull();

    chunks.clear();
    write(base, Optional.empty(), new Decision.Request(8, 10, 0), chunks);
    assertThat(RoundBatch.assemble(chunks).strategy()).isEqualTo(Strategy.BALANCE);
    assertThat(RoundBatch.assemble(chunks).predecessor()).isEmpty();
  }

  @Test
  void aPredecessorThatDoesNotFitIntoOneRecordWithTheBaseIsLeftOut() {
    remember(Fixtures.sample("a"));
    PromptVersion large =
        Fixtures.prompt(1)
            .setClassFeatures(Fixtures.tensor(2, 600_000))
            .setZeroShotFeatures(Fixtures.tensor(2, 600_000))
            .build();
    List<RefinementBatch> chunks = new ArrayList<>();
    write(large, Optional.of(large), new Decision.Request(1, 2, 1), chunks);
    RoundBatch batch = RoundBatch.assemble(chunks);
    assertThat(batch.predecessor()).isEmpty();
    assertThat(batch.base()).isEqualTo(large);
  }

  private void remember(Sample sample) {
    pool.put(TASK, sample.getImageId(), samples.encode(sample), WIDE, id -> false);
  }

  private Batches.Content write(PromptVersion base, List<RefinementBatch> chunks) {
    return write(base, Optional.empty(), new Decision.Request(1, 1, 1), chunks);
  }

  private Batches.Content write(
      PromptVersion base,
      Optional<PromptVersion> predecessor,
      Decision.Request request,
      List<RefinementBatch> chunks) {
    return batches.write(
        TASK,
        Fixtures.definition().build(),
        base,
        predecessor,
        request,
        Instant.EPOCH,
        chunks::add);
  }
}
