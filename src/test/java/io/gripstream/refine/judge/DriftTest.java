package io.gripstream.refine.judge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Streams of unit vectors that are no Gaussians: clusters, common classes, heavy tails. */
class DriftTest {
  private final Random random = new Random(11);

  @ParameterizedTest
  @CsvSource({"64, 1, 128", "128, 10, 300", "256, 40, 128", "768, 10, 300"})
  void aStreamThatStaysAsItWasGivesNoAlarm(int dimension, int classes, int samples) {
    Supplier<float[]> world = world(dimension, classes);
    DriftReference reference = reference(world, samples);
    int images = dimension > 500 ? 2_000 : 6_000;
    assertThat(firstAlarm(reference, world, images)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"64, 1", "128, 10", "256, 40", "768, 10"})
  void anotherDomainIsFoundWithinThirtyTwoImages(int dimension, int classes) {
    for (int samples : new int[] {128, 300}) {
      Supplier<float[]> before = world(dimension, classes);
      Supplier<float[]> after = world(dimension, classes);
      DriftReference reference = reference(before, samples);
      int[] drawn = {0};
      int begin = 161;
      Optional<Integer> found =
          firstAlarm(reference, () -> drawn[0]++ < begin ? before.get() : after.get(), begin + 32);
      assertThat(found).isPresent();
      assertThat(found.get()).isGreaterThan(begin);
    }
  }

  @Test
  void oneClassAfterAnotherIsFoundToo() {
    float[][] centers = {center(128), center(128), center(128), center(128)};
    Supplier<float[]> all = () -> around(centers[random.nextInt(4)], 0.5);
    DriftReference reference = reference(all, 300);
    assertThat(firstAlarm(reference, () -> around(centers[0], 0.5), 32)).isPresent();
  }

  @Test
  void pagesOfOneHandEachAreNoChangeButAnotherDomainIs() {
    Supplier<float[]> pages = pages(world(128, 4));
    DriftReference reference = reference(pages, 256);
    assertThat(firstAlarm(reference, pages, 3_000)).isEmpty();
    assertThat(firstAlarm(reference, pages(world(128, 4)), 64)).isPresent();
  }

  @Test
  void oneOddPageIsNoChangeButManyAre() {
    for (int stream = 0; stream < 10; stream++) {
      Supplier<float[]> world = world(128, 4);
      Supplier<float[]> pages = pages(world, 32, 0.4f);
      Supplier<float[]> odd = pages(world, 32, 0.9f);
      DriftReference reference = reference(pages, 960);
      int[] drawn = {0};
      assertThat(firstAlarm(reference, () -> drawn[0]++ < 32 ? odd.get() : pages.get(), 160))
          .as("a page that leans further, and pages after it")
          .isEmpty();
      assertThat(firstAlarm(reference, pages(world(128, 4), 32, 0.4f), 128))
          .as("pages of another domain")
          .isPresent();
    }
  }

  /** In few dimensions a page that is just no change lies far enough off to be half of one. */
  @Test
  void aPageThatIsNoChangeByItselfIsNoneWithThePageAfterIt() {
    int changes = 0;
    for (int stream = 0; stream < 200; stream++) {
      float far = 0.2f + 0.1f * (stream % 18);
      Supplier<float[]> world = world(8, 4);
      Supplier<float[]> pages = pages(8, world, 32, 0.1f);
      Supplier<float[]> odd = pages(8, world, 32, far);
      int[] drawn = {0};
      Optional<Integer> found =
          firstAlarm(reference(pages, 960), () -> drawn[0]++ < 32 ? odd.get() : pages.get(), 160);
      assertThat(found.orElse(0)).as("a page that leans by %.1f", far).isLessThanOrEqualTo(32);
      changes += found.isPresent() ? 1 : 0;
    }
    assertThat(changes).as("pages that are a change").isBetween(50, 150);
  }

  @Test
  void theFirstPagesOfAStreamRaiseNoAlarmInNineteenOfTwentyStreams() {
    int alarms = 0;
    for (int stream = 0; stream < 40; stream++) {
      float[] blackboard = center(128);
      Supplier<float[]> paper = pages(world(128, 4));
      int[] drawn = {0};
      boolean[] dark = {false};
      Supplier<float[]> pages =
          () -> {
            dark[0] = drawn[0]++ % 12 == 0 ? random.nextInt(5) == 0 : dark[0];
            float[] image = paper.get();
            for (int i = 0; dark[0] && i < image.length; i++) {
              image[i] += blackboard[i];
            }
            return unit(image);
          };
      alarms += firstAlarm(reference(pages, 128), pages, 128).isPresent() ? 1 : 0;
    }
    assertThat(alarms).isLessThanOrEqualTo(2);
  }

  private Supplier<float[]> pages(Supplier<float[]> world) {
    return pages(world, 12, 0.4f);
  }

  private Supplier<float[]> pages(Supplier<float[]> world, int page, float far) {
    return pages(128, world, page, far);
  }

  /** So many images in a row lean the same way, so far. */
  private Supplier<float[]> pages(int dimension, Supplier<float[]> world, int page, float far) {
    int[] drawn = {0};
    float[][] leaning = {null};
    return () -> {
      leaning[0] = drawn[0]++ % page == 0 ? center(dimension) : leaning[0];
      float[] image = world.get();
      for (int i = 0; i < image.length; i++) {
        image[i] += far * leaning[0][i];
      }
      return unit(image);
    };
  }

  @Test
  void whatIsLateOutweighsWhatIsLong() {
    Supplier<float[]> before = world(64, 4);
    DriftReference reference = reference(before, 300);
    List<float[]> blocks = new ArrayList<>();
    Supplier<float[]> after = world(64, 4);
    for (int i = 0; i < Drift.BLOCKS; i++) {
      blocks.add(block(i < 4 ? after : before));
    }
    assertThat(Drift.test(reference, blocks).orElseThrow().window()).isLessThanOrEqualTo(16);
    blocks.subList(0, 4).clear();
    assertThat(Drift.test(reference, blocks)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"128, 10", "2000, 1"})
  void theScoreOfAnUnchangedStreamIsStandardNormalHoweverSmallTheReference(
      int samples, int references) {
    Supplier<float[]> world = world(128, 10);
    double sum = 0;
    double squares = 0;
    int windows = 500;
    DriftReference reference = null;
    for (int i = 0; i < windows; i++) {
      reference = i % (windows / references) == 0 ? reference(world, samples) : reference;
      double[] mean = new double[reference.mean().length];
      for (int j = 0; j < 32; j++) {
        float[] sketch = Sketch.of(world.get());
        for (int k = 0; k < mean.length; k++) {
          mean[k] += sketch[k] / 32;
        }
      }
      double score = Drift.score(reference, reference.distance(mean), Drift.noise(reference, 32));
      sum += score / windows;
      squares += score * score / windows;
    }
    assertThat(sum).isBetween(-0.25, 0.25);
    assertThat(Math.sqrt(squares - sum * sum)).isBetween(0.8, 1.2);
  }

  @Test
  void fewImagesOrImagesThatAreAllAlikeMakeNoReference() {
    Supplier<float[]> world = world(64, 2);
    assertThat(DriftReference.of(sketches(world, DriftReference.LEAST - 1))).isEmpty();
    float[] one = world.get();
    assertThat(DriftReference.of(sketches(() -> one, 200))).isEmpty();
    assertThat(DriftReference.of(sketches(world, DriftReference.LEAST))).isPresent();
  }

  @Test
  void aSketchKeepsDistancesAndIsTheSameEverywhere() {
    double ratio = 0;
    for (int i = 0; i < 200; i++) {
      float[] a = center(512);
      float[] b = center(512);
      ratio += squared(Sketch.of(a), Sketch.of(b)) / squared(a, b) / 200;
    }
    assertThat(ratio).isBetween(0.95, 1.05);
    float[] counted = new float[65];
    for (int i = 0; i < counted.length; i++) {
      counted[i] = i;
    }
    // Kept references hold only for signs that never change.
    assertThat(Arrays.copyOf(Sketch.of(counted), 4)).containsExactly(SIGNED);
    assertThat(Sketch.of(new float[] {1, 2})).containsExactly(1, 2);
  }

  private static final float[] SIGNED = {44.5f, -47.25f, -7, 5.5f};

  private Optional<Integer> firstAlarm(
      DriftReference reference, Supplier<float[]> stream, int images) {
    Deque<float[]> blocks = new ArrayDeque<>();
    for (int seen = Drift.BLOCK; seen <= images; seen += Drift.BLOCK) {
      blocks.addFirst(block(stream));
      if (blocks.size() > Drift.BLOCKS) {
        blocks.removeLast();
      }
      if (Drift.test(reference, List.copyOf(blocks)).isPresent()) {
        return Optional.of(seen);
      }
    }
    return Optional.empty();
  }

  private static float[] block(Supplier<float[]> stream) {
    float[] sum = null;
    for (int i = 0; i < Drift.BLOCK; i++) {
      float[] sketch = Sketch.of(stream.get());
      sum = sum == null ? new float[sketch.length] : sum;
      for (int j = 0; j < sum.length; j++) {
        sum[j] += sketch[j];
      }
    }
    return sum;
  }

  private static DriftReference reference(Supplier<float[]> stream, int samples) {
    return DriftReference.of(sketches(stream, samples)).orElseThrow();
  }

  private static List<float[]> sketches(Supplier<float[]> stream, int count) {
    List<float[]> sketches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sketches.add(Sketch.of(stream.get()));
    }
    return sketches;
  }

  /** Clusters of falling shares about a mean that is the domain's, with tails of Student's t. */
  private Supplier<float[]> world(int dimension, int classes) {
    float[] domain = center(dimension);
    float[] common = center(dimension);
    float[][] centers = new float[classes][];
    for (int c = 0; c < classes; c++) {
      float[] own = center(dimension);
      centers[c] = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        centers[c][i] = 0.6f * common[i] + 0.45f * domain[i] + (classes > 1 ? 0.35f * own[i] : 0);
      }
    }
    return () -> {
      int c = (int) (classes * Math.pow(random.nextDouble(), 1.5));
      double chiSquare = 0;
      for (int i = 0; i < 3; i++) {
        double deviate = random.nextGaussian();
        chiSquare += deviate * deviate;
      }
      return around(centers[c], 0.5 * Math.min(4, 1 / Math.sqrt(chiSquare)));
    };
  }

  private float[] around(float[] center, double spread) {
    float[] vector = new float[center.length];
    double sum = 0;
    for (int i = 0; i < vector.length; i++) {
      sum += 1 / (i + 1.0);
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (center[i] + spread * random.nextGaussian() / Math.sqrt((i + 1.0) * sum));
    }
    return unit(vector);
  }

  private float[] center(int dimension) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return unit(vector);
  }

  private static float[] unit(float[] vector) {
    double norm = 0;
    for (float each : vector) {
      norm += each * each;
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) Math.sqrt(norm);
    }
    return vector;
  }

  private static double squared(float[] a, float[] b) {
    double squared = 0;
    for (int i = 0; i < a.length; i++) {
      squared += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return squared;
  }
}
