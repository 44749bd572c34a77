package io.gripstream.labeler;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.Float16;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.workshop.bench.Photographs;
import java.util.Collections;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What the labeler does for each image in Java, in microseconds. Runs with {@code mvn test
 * -Dexcluded.tests= -Dtest=KernelBenchmark}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  /** A class head of ViT-B/32's feature size. */
  @State(Scope.Thread)
  public static class Head {
    private static final int FEATURE_SIZE = 512;
    private static final int BATCH = 64;

    @Param({"10", "100", "1000"})
    public int classes;

    private ClassHead head;
    private float[] feature;
    private float[] across;

    @Setup
    public void draw() {
      Random random = new Random(1);
      float[][] rows = new float[classes][FEATURE_SIZE];
      for (float[] row : rows) {
        fill(row, random);
      }
      head = new ClassHead(Events.tensor(rows), 100);
      feature = new float[FEATURE_SIZE];
      fill(feature, random);
      across = ClassHead.across(Collections.nCopies(BATCH, feature));
    }

    private static void fill(float[] row, Random random) {
      for (int d = 0; d < row.length; d++) {
        row[d] = (float) (random.nextGaussian() / Math.sqrt(row.length));
      }
    }
  }

  /** A photograph. */
  @State(Scope.Thread)
  public static class Photograph {
    private final byte[] jpeg = Photographs.drawn().get(0);
    private final Preprocessor preprocessor = new Preprocessor(224);
  }

  @Benchmark
  public float[] probabilities(Head head) {
    return head.head.probabilities(head.feature, 0);
  }

  /** For 64 images. */
  @Benchmark
  public float[][] probabilitiesOfAll(Head head) {
    return head.head.ofAll(head.across, Head.BATCH);
  }

  @Benchmark
  public byte[] halves(Head head) {
    return Float16.encode(head.feature);
  }

  @Benchmark
  public byte[] pixels(Photograph photograph) throws InvalidImageException {
    return photograph.preprocessor.pixels(photograph.jpeg);
  }

  @Test
  @Tag("benchmark")
  void run() throws RunnerException {
    assertThat(
            new Runner(
                    new OptionsBuilder()
                        .include(KernelBenchmark.class.getName())
                        .shouldFailOnError(true)
                        .build())
                .run())
        .isNotEmpty();
  }
}
