package io.gripstream.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleStreamsTest {
  static List<String> names() {
    return SampleStreams.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void anIndexAlwaysGivesTheSameImageInAnyOrderAndThread(String name) {
    SampleStream stream = SampleStreams.byName(name);
    SampleStream same = SampleStreams.byName(name);
    List<LabelledImage> inOrder = LongStream.range(0, 40).mapToObj(stream::image).toList();
    List<LabelledImage> inParallel =
        LongStream.range(0, 40).parallel().mapToObj(same::image).toList();
    for (int i = 0; i < 40; i++) {
      assertThat(inParallel.get(i).id()).isEqualTo(inOrder.get(i).id());
      assertThat(inParallel.get(i).label()).isEqualTo(inOrder.get(i).label());
      assertThat(inParallel.get(i).png()).isEqualTo(inOrder.get(i).png());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void imagesArePngsThatOtherSoftwareReads(String name) throws IOException {
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(SampleStreams.byName(name).image(7).png()));
    assertThat(image.getWidth()).isEqualTo(DrawnStream.SIZE);
    assertThat(image.getHeight()).isEqualTo(DrawnStream.SIZE);
    assertThat(image.getRaster().getNumBands()).isEqualTo(3);
  }

  @ParameterizedTest
  @MethodSource("names")
  void idsAreUniqueAndDoNotTellTheLabel(String name) {
    Set<String> ids = new HashSet<>();
    for (long seed = 0; seed < 2; seed++) {
      SampleStream stream = SampleStreams.byName(name, seed, Shift.NONE, 0);
      for (int i = 0; i < 50; i++) {
        LabelledImage image = stream.image(i);
        assertThat(ids.add(image.id())).isTrue();
        assertThat(image.id()).doesNotContain("-" + image.label());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void classesComeEquallyOftenUnlessSkewed(String name) {
    SampleStream even = SampleStreams.byName(name, 5, Shift.NONE, 0);
    SampleStream skewed = SampleStreams.byName(name, 5, Shift.NONE, 2);
    int count = 600;
    Map<String, Long> evenly = count(even, count);
    Map<String, Long> unevenly = count(skewed, count);
    long share = count / even.classes().size();
    assertThat(evenly).containsOnlyKeys(even.classes());
    assertThat(evenly.values()).allMatch(n -> n > share * .5 && n < share * 1.6);
    String first = even.classes().get(0);
    String last = even.classes().get(even.classes().size() - 1);
    assertThat(unevenly.get(first)).isGreaterThan(4 * unevenly.get(last));
  }

  private static Map<String, Long> count(SampleStream stream, int images) {
    return LongStream.range(0, images)
        .mapToObj(i -> stream.image(i).label())
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  /** A classifier that knows nothing but mean images reads clean drawings: the labels are right. */
  @ParameterizedTest
  @MethodSource("names")
  void classesLookUnlikeEachOtherAndTheDefaultShiftMakesThemHarderToTell(String name)
      throws IOException {
    double chance = 1.0 / SampleStreams.byName(name).classes().size();
    double clean = nearestMeanAccuracy(name, Shift.NONE);
    assertThat(clean).isGreaterThan(4 * chance);
    assertThat(nearestMeanAccuracy(name, Shift.DEFAULT)).isBetween(2 * chance, clean);
  }

  private static double nearestMeanAccuracy(String name, Shift shift) throws IOException {
    SampleStream stream = SampleStreams.byName(name, 3, shift, 0);
    int classes = stream.classes().size();
    int side = 16;
    double[][] means = new double[classes][side * side];
    for (int i = 0; i < 400; i++) {
      LabelledImage image = stream.image(i);
      double[] ink = coarseInk(image.png(), side);
      double[] mean = means[stream.classes().indexOf(image.label())];
      for (int k = 0; k < ink.length; k++) {
        mean[k] += ink[k];
      }
    }
    int right = 0;
    for (int i = 2000; i < 2200; i++) {
      LabelledImage image = stream.image(i);
      double[] ink = coarseInk(image.png(), side);
      int best = 0;
      for (int c = 1; c < classes; c++) {
        best = cosine(ink, means[c]) > cosine(ink, means[best]) ? c : best;
      }
      right += stream.classes().get(best).equals(image.label()) ? 1 : 0;
    }
    return right / 200.0;
  }

  /** Distance from the paper's colour, which is the most frequent kind of pixel; mean removed. */
  private static double[] coarseInk(byte[] png, int side) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    int cell = image.getWidth() / side;
    double[] gray = new double[side * side];
    for (int y = 0; y < cell * side; y++) {
      for (int x = 0; x < cell * side; x++) {
        int rgb = image.getRGB(x, y);
        gray[y / cell * side + x / cell] += (rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255);
      }
    }
    double paper = Arrays.stream(gray).sorted().skip(side * side / 2).findFirst().orElseThrow();
    double mean = 0;
    for (int k = 0; k < gray.length; k++) {
      gray[k] = Math.abs(gray[k] - paper);
      mean += gray[k] / gray.length;
    }
    for (int k = 0; k < gray.length; k++) {
      gray[k] -= mean;
    }
    return gray;
  }

  private static double cosine(double[] a, double[] b) {
    double product = 0;
    double squareA = 1e-9;
    double squareB = 1e-9;
    for (int k = 0; k < a.length; k++) {
      product += a[k] * b[k];
      squareA += a[k] * a[k];
      squareB += b[k] * b[k];
    }
    return product / Math.sqrt(squareA * squareB);
  }

  @Test
  void anUnknownStreamIsRefusedWithTheNamesThereAre() {
    assertThatThrownBy(() -> SampleStreams.byName("cats"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cats")
        .hasMessageContaining("digits");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-.1, 5, Double.NaN})
  void aShiftOutsideItsRangeIsRefused(double value) {
    assertThatThrownBy(() -> new Shift(1, value, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aNegativeIndexIsRefused() {
    assertThatThrownBy(() -> SampleStreams.byName("digits").image(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void templatesHaveAPlaceForTheClass() {
    for (String name : SampleStreams.names()) {
      assertThat(SampleStreams.byName(name).template()).contains("{}");
    }
  }
}
