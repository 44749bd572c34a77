package io.gripstream.refine.judge;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.ClassLikelihood;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.Mixture;
import io.gripstream.refine.head.NeighborGraph;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compares prompts by what they label the images of one pool, without knowing the truth. Three
 * judges that fail differently: mixtures of Gaussians over the features, begun from the balanced
 * zero-shot prompt with two strengths of balance; labels that spread from neighbor to neighbor; and
 * the labels' fit to the neighbor graph, which no prompt begins, beside that of labels with few of
 * the classes. All three lean to classes that are equally frequent; how likely the images are
 * ({@link ClassLikelihood}) does not, and must not fall. The prompts that are compared have no say
 * in any.
 *
 * <p>Where the graph and zero-shot's own names show that few of the classes are there ({@link
 * FewClasses}), mixtures and neighbors begin with these balanced: from all classes they would
 * defend some that are not there.
 */
public final class Judges {
  private final PoolView view;
  private final int[] labels;
  private final boolean[] heldOut;
  private final List<FloatTensor> mixtures;
  private final FloatTensor neighbors;
  private final FewClasses fewClasses;
  private final double pull;
  private final double support;

  /**
   * @param labels {@code [N]}, what people labelled, held-out images included, and -1
   * @param heldOut {@code [N]}, the images that never train, whose changed labels are judged; the
   *     others show where images lie
   */
  public Judges(PoolView view, int[] labels, boolean[] heldOut) {
    int n = view.features().rows();
    if (labels.length != n || heldOut.length != n) {
      throw new IllegalArgumentException(
          "%d labels and %d marks for %s"
              .formatted(labels.length, heldOut.length, view.features()));
    }
    this.view = view;
    this.labels = labels;
    this.heldOut = heldOut;
    // They take most of a calibration round's time.
    List<Mixture> begun =
        Stream.of(view.pulled(), view.moved())
            .parallel()
            .map(bias -> view.mixture(bias, labels))
            .toList();
    this.fewClasses =
        n == 0
            ? FewClasses.NONE
            : FewClasses.of(
                begun.get(0).head(view.balanced(view.pulled())).logits(view.features()),
                view,
                labels);
    this.mixtures =
        few().map(bias -> List.of(view.mixture(bias, labels))).orElse(begun).stream()
            .map(Mixture::probabilities)
            .toList();
    this.neighbors = propagated();
    this.pull = n == 0 ? 0 : view.pull(fewClasses.shown());
    this.support = n == 0 ? 0 : view.support();
  }

  /**
   * The bias {@code [C]} that balances the few classes which the pool clearly shows; empty: it
   * shows most, or it cannot be told.
   */
  public Optional<float[]> few() {
    return fewClasses.bias();
  }

  /**
   * How many equally frequent classes would be as diverse as what the pool shows, where it clearly
   * shows few; otherwise all.
   */
  double shownClasses() {
    return few().isPresent()
        ? Metrics.effectiveClasses(Metrics.meanPrediction(mixtures.get(0)))
        : view.logits().columns();
  }

  private FloatTensor propagated() {
    int[] seeds = ClassBalance.labels(view.logits(), few().orElse(view.uniform()));
    for (int i = 0; i < seeds.length; i++) {
      seeds[i] = labels[i] == Metrics.UNKNOWN ? seeds[i] : labels[i];
    }
    return view.graph().propagated(seeds, view.logits().columns());
  }

  /**
   * @param before {@code [N]}, the labels of the prompt that is there, -1 where it was not asked
   * @param after {@code [N]}, the same of the other prompt
   */
  public Comparison compare(int[] before, int[] after) {
    int n = view.features().rows();
    int c = view.logits().columns();
    int[] asked =
        IntStream.range(0, n)
            .filter(i -> before[i] != Metrics.UNKNOWN && after[i] != Metrics.UNKNOWN)
            .toArray();
    int[] judged = Arrays.stream(asked).filter(i -> heldOut[i]).toArray();
    long changed = Arrays.stream(asked).filter(i -> before[i] != after[i]).count();
    int[] askedBefore = only(asked, before);
    int[] askedAfter = only(asked, after);
    NeighborGraph.Fit fitBefore = view.graph().fit(askedBefore, c);
    NeighborGraph.Fit fitAfter = view.graph().fit(askedAfter, c);
    double effect = Double.POSITIVE_INFINITY;
    double deviates = Double.POSITIVE_INFINITY;
    for (FloatTensor mixture : mixtures) {
      double[] gains = gains(mixture, before, after, judged);
      effect = Math.min(effect, aChange(gains, before, after, judged));
      deviates = Math.min(deviates, deviates(gains));
    }
    double[] right = rightByPeople(before, after, judged);
    return new Comparison(
        judged.length,
        asked.length == 0 ? 0 : (double) changed / asked.length,
        effect,
        deviates,
        aChange(gains(neighbors, before, after, judged), before, after, judged),
        fitAfter.structure() - fitBefore.structure(),
        fitAfter.modularity() - fitBefore.modularity(),
        rival(asked, fitAfter.structure()),
        view.likelihood().of(askedAfter, c) - view.likelihood().of(askedBefore, c),
        pull,
        (fitAfter.entropy() - fitBefore.entropy()) / Math.log(c),
        fitAfter.modularity(),
        fitAfter.told(),
        support,
        right.length == 0 ? Double.NaN : mean(right),
        standardError(right));
  }

  /**
   * By how much labels with few of the classes fit the images better; 0 where most do, and where
   * the other judges begin with the few.
   */
  private double rival(int[] asked, double structure) {
    if (few().isPresent()) {
      return 0;
    }
    int c = view.logits().columns();
    double few = view.graph().fit(only(asked, fewClasses.few()), c).structure();
    double most = view.graph().fit(only(asked, fewClasses.most()), c).structure();
    return few > most ? few - structure : 0;
  }

  /** {@code [N]}: the labels of some images: fits to the graph of other images do not compare. */
  private static int[] only(int[] images, int[] prompt) {
    int[] labels = new int[prompt.length];
    Arrays.fill(labels, Metrics.UNKNOWN);
    for (int i : images) {
      labels[i] = prompt[i];
    }
    return labels;
  }

  /**
   * The expected accuracy of labels on held-out images: the mixtures' mean probability.
   *
   * @param prompt {@code [N]}, -1 where it was not asked
   */
  public double score(int[] prompt) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < prompt.length; i++) {
      if (heldOut[i] && prompt[i] != Metrics.UNKNOWN) {
        for (FloatTensor mixture : mixtures) {
          sum += at(mixture, i, prompt[i]) / mixtures.size();
        }
        count++;
      }
    }
    return sum / count;
  }

  /** The accuracy of labels on the held-out images that people labelled. */
  public double accuracy(int[] prompt) {
    return Metrics.accuracy(prompt, heldOutLabels());
  }

  private int[] heldOutLabels() {
    return IntStream.range(0, labels.length)
        .map(i -> heldOut[i] ? labels[i] : Metrics.UNKNOWN)
        .toArray();
  }

  /** The standard error of the difference of two scores. */
  double scoreError(int[] before, int[] after) {
    int[] judged =
        IntStream.range(0, before.length)
            .filter(i -> heldOut[i] && before[i] != Metrics.UNKNOWN && after[i] != Metrics.UNKNOWN)
            .toArray();
    double[] gains = new double[judged.length];
    for (FloatTensor mixture : mixtures) {
      double[] by = gains(mixture, before, after, judged);
      for (int k = 0; k < gains.length; k++) {
        gains[k] += by[k] / mixtures.size();
      }
    }
    return standardError(gains);
  }

  private static double[] gains(
      FloatTensor probabilities, int[] before, int[] after, int[] judged) {
    double[] gains = new double[judged.length];
    for (int k = 0; k < judged.length; k++) {
      int i = judged[k];
      gains[k] = at(probabilities, i, after[i]) - at(probabilities, i, before[i]);
    }
    return gains;
  }

  /** The mean over the images whose label changes; 0 without any. */
  private static double aChange(double[] gains, int[] before, int[] after, int[] judged) {
    double sum = 0;
    int changed = 0;
    for (int k = 0; k < judged.length; k++) {
      if (before[judged[k]] != after[judged[k]]) {
        sum += gains[k];
        changed++;
      }
    }
    return changed == 0 ? 0 : sum / changed;
  }

  private double[] rightByPeople(int[] before, int[] after, int[] judged) {
    return Arrays.stream(judged)
        .filter(i -> labels[i] != Metrics.UNKNOWN)
        .mapToDouble(i -> (after[i] == labels[i] ? 1 : 0) - (before[i] == labels[i] ? 1 : 0))
        .toArray();
  }

  private static double deviates(double[] gains) {
    double error = standardError(gains);
    return error > 0 ? mean(gains) / error : 0;
  }

  private static double at(FloatTensor probabilities, int image, int label) {
    return probabilities.values()[image * probabilities.columns() + label];
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** Of the mean, from the unbiased variance; not a number for fewer than two values. */
  private static double standardError(double[] values) {
    int n = values.length;
    double mean = mean(values);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1) / n);
  }
}
