package io.gripstream.refine.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NearDuplicatesTest {
  private static final int CLASSES = 6;

  @Test
  void independentImagesAreLeftAsTheyAre() {
    for (int count : new int[] {100, 300, 1000}) {
      FloatTensor images = world(count, 2).features();
      assertThat(without(images, unlabelled(count)).length).isGreaterThan(count * 97 / 100);
    }
  }

  /** Copies nearer to each other than images are by themselves, and copies that are not. */
  @Test
  void ofEachGroupOneIsLeftHoweverFarItsImagesLieApart() {
    for (double spread : new double[] {0, 1e-3, 0.1, 0.4}) {
      for (int copies : new int[] {3, 12, 30}) {
        FloatTensor images = copied(world(40, 2), copies, spread);
        int[] left = without(images, unlabelled(40 * copies));
        // Now and then two images lie next to each other, or a group falls in two.
        assertThat(left).as("%d copies, %s apart", copies, spread).hasSizeBetween(34, 55);
        assertThat(Arrays.stream(left).map(i -> i / copies).distinct()).hasSizeGreaterThan(33);
      }
    }
  }

  /** As of a stream that shows each thing twice, or some things some times. */
  @Test
  void pairsAndGroupsAmongSingleImagesTakeNoOthersWithThem() {
    for (int copies : new int[] {2, 3, 5}) {
      for (int repeated : new int[] {75, 150, 300}) {
        FloatTensor all = copied(world(300, 8), copies, 0.05);
        int[] rows =
            IntStream.range(0, 300 * copies)
                .filter(i -> i % copies == 0 || i / copies < repeated)
                .toArray();
        int[] left = without(Rows.of(all, rows), unlabelled(rows.length));
        long things = Arrays.stream(left).map(i -> rows[i] / copies).distinct().count();
        assertThat(things).as("%d things %d times", repeated, copies).isGreaterThan(250);
        assertThat(left.length).isLessThan(8 * (int) things / 5);
      }
    }
  }

  @Test
  void amongManyGroupsALongOneIsNoClass() {
    FloatTensor all = copied(world(40, 2), 100, 1e-3);
    int[] rows = IntStream.range(0, 4000).filter(i -> i < 100 || i % 100 < 10).toArray();
    FloatTensor images = Rows.of(all, rows);
    assertThat(without(images, unlabelled(rows.length))).hasSizeBetween(38, 48);
  }

  @Test
  void whatPeopleLabelledStaysAndStandsForTheRest() {
    FloatTensor images = copied(world(40, 2), 10, 1e-3);
    int[] labels = unlabelled(400);
    labels[13] = 0;
    labels[17] = 1;
    assertThat(without(images, labels)).contains(13, 17).doesNotContain(10).hasSize(41);
  }

  @Test
  void classesThatLieFarApartAreNoGroups() {
    assertThat(without(world(600, 0.1).features(), unlabelled(600)).length).isGreaterThan(580);
  }

  @Test
  void aHandfulOfImagesIsLeftAsItIs() {
    for (int count : new int[] {0, 1, 2, 3, 7}) {
      FloatTensor images =
          FloatTensor.matrix(count, 64, Arrays.copyOf(world(8, 2).features().values(), count * 64));
      assertThat(without(images, unlabelled(count))).hasSize(count);
    }
  }

  private static SimulatedWorld world(int count, double noise) {
    return new SimulatedWorld(7, CLASSES, count, noise, 1, 0, 1);
  }

  private static int[] without(FloatTensor images, int[] labels) {
    return NearDuplicates.without(images, CLASSES, labels).rows();
  }

  private static int[] unlabelled(int count) {
    return IntStream.generate(() -> Metrics.UNKNOWN).limit(count).toArray();
  }

  /** Each image so many times, one after another, at some distance from where it was. */
  private static FloatTensor copied(SimulatedWorld world, int copies, double distance) {
    Random random = new Random(1);
    double[][] images = new double[world.images.length * copies][];
    for (int i = 0; i < images.length; i++) {
      double[] image = world.images[i / copies].clone();
      double norm = 0;
      for (int k = 0; k < image.length; k++) {
        image[k] += distance * random.nextGaussian() / Math.sqrt(image.length);
        norm += image[k] * image[k];
      }
      for (int k = 0; k < image.length; k++) {
        image[k] /= Math.sqrt(norm);
      }
      images[i] = image;
    }
    return SimulatedWorld.tensor(images);
  }
}
