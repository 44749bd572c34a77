package io.gripstream.refiner;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.BatchSample;
import io.gripstream.refiner.RoundAssembler.Broken;
import io.gripstream.refiner.RoundAssembler.Complete;
import io.gripstream.refiner.RoundAssembler.Step;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RoundAssemblerTest {
  private final RoundAssembler assembler = new RoundAssembler();

  @Test
  void theChunksOfARoundBecomeItsBatch() {
    assertThat(add("a", 1, 0, 3)).isEmpty();
    assertThat(add("a", 1, 1, 3)).isEmpty();
    assertThat(add("a", 1, 2, 3))
        .get()
        .isInstanceOfSatisfying(
            Complete.class,
            complete ->
                assertThat(complete.batch().samples())
                    .extracting(BatchSample::getImageId)
                    .containsExactly("image-0", "image-1", "image-2"));
    assertThat(add("b", 1, 0, 1)).get().isInstanceOf(Complete.class);
  }

  @Test
  void aRoundThatIsCutShortIsReportedAndTheNextOneIsWhole() {
    add("a", 1, 0, 3);
    assertThat(add("a", 2, 0, 1))
        .contains(new Broken("a", 1, 2, "only 1 of 3 chunks are there", true));
    assertThat(add("a", 2, 0, 1)).get().isInstanceOf(Complete.class);
  }

  @Test
  void aRoundWhoseBeginningIsGoneIsReportedOnce() {
    assertThat(add("a", 1, 1, 3))
        .contains(new Broken("a", 1, 2, "chunk 1 of 3 came where chunk 0 was due", false));
    assertThat(add("a", 1, 2, 3)).isEmpty();
    assertThat(add("a", 2, 0, 1)).get().isInstanceOf(Complete.class);
  }

  @Test
  void aHoleInARoundIsReportedOnce() {
    add("a", 1, 0, 4);
    assertThat(add("a", 1, 2, 4)).get().isInstanceOf(Broken.class);
    assertThat(add("a", 1, 3, 4)).isEmpty();
  }

  @Test
  void aRoundThatIsBrokenTwiceIsReportedOnceAndDoesNotCostTheNextOne() {
    add("a", 1, 0, 3);
    assertThat(add("a", 1, 0, 3)).get().isInstanceOf(Broken.class);
    assertThat(add("a", 1, 0, 3)).isEmpty();
    assertThat(add("a", 2, 0, 1)).get().isInstanceOf(Complete.class);
  }

  private Optional<Step> add(String task, int round, int chunk, int chunks) {
    return assembler.add(Batches.chunk(task, round, chunk, chunks));
  }
}
