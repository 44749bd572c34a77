package io.gripstream.refine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the judges say of one prompt in another's place. All of it is about the images whose label
 * changes: the others cannot tell the two prompts apart.
 *
 * @param images how many held-out images were asked about
 * @param share of the pool's images change their label
 * @param mixtureEffect what a changed held-out image gains by the mixture's probability, on
 *     average; the lesser of two mixtures' opinions, one begun with less bias than the other
 * @param mixtureDeviates by how many standard errors the mean over all held-out images is above 0;
 *     the lesser of the same two
 * @param neighborEffect the same as {@code mixtureEffect} by the labels that spread along the graph
 *     from the balanced zero-shot prompt's
 * @param structure what the fit to the graph gains ({@link NeighborGraph.Fit#structure})
 * @param modularity what the modularity on the graph gains
 * @param support see {@link PoolView#support}
 * @param accuracy what the accuracy gains on held-out images that people labelled; not a number
 *     without any
 * @param accuracyError its standard error
 */
public record Comparison(
    double images,
    double share,
    double mixtureEffect,
    double mixtureDeviates,
    double neighborEffect,
    double structure,
    double modularity,
    double support,
    double accuracy,
    double accuracyError) {

  /** The bars of {@link #convincing}, see {@link Gate}. */
  private static final double SUPPORT = 0.1;

  private static final double MIXTURE_EFFECT = 0.2;
  private static final double MIXTURE_DEVIATES = 2;

  /** What many changes must be surer of: so much more for all images, up to the most. */
  private static final double DEVIATES_A_CHANGE = 8;

  private static final double MOST_DEVIATES = 2.5;
  private static final double NEIGHBOR_EFFECT = 0.15;
  private static final double STRUCTURE = 0.03;
  private static final double MODULARITY = 0.005;

  /** What few changes, such a share of the images, may gain less. */
  private static final double STRUCTURE_A_CHANGE = 0.2;

  /** What many changes must gain more: so much of the share of the images beyond the free one. */
  private static final double MODULARITY_A_CHANGE = 0.05;

  private static final double FREE_SHARE = 0.1;

  /** The bars of {@link #consistent}. */
  private static final double FINER_STRUCTURE = 0.02;

  private static final double FINER_NEIGHBOR_EFFECT = 0.1;

  /** Fewer changes are nobody's harm. */
  private static final double WORTH_GOING_BACK = 0.01;

  /**
   * The bar of {@link #borneOutByMixtures}. In simulation 7 of 327 ways back led to a prompt that
   * was worse by two points, the worst by 9.6; with this bar it is 3 of 303, the worst by 3.2, and
   * 99 % of the gain is kept. The neighbors do not tell these apart: their sign took none of the
   * seven, a bar of 0.1 four and a sixth of the right ways back.
   */
  private static final double MIXTURES_BEAR_OUT = 0.15;

  /**
   * Whether all judges find the other prompt clearly better.
   *
   * @param tolerance from 0 to 1, by how much of it each bar is lowered
   */
  boolean convincing(double tolerance) {
    double bar = 1 - tolerance;
    return share > 0
        && support >= bar * SUPPORT
        && mixtureEffect >= bar * MIXTURE_EFFECT
        && mixtureDeviates
            >= bar * Math.min(MOST_DEVIATES, MIXTURE_DEVIATES + DEVIATES_A_CHANGE * share)
        && neighborEffect >= bar * NEIGHBOR_EFFECT
        && structure >= bar * Math.min(STRUCTURE, STRUCTURE_A_CHANGE * share)
        && modularity >= bar * Math.max(MODULARITY, MODULARITY_A_CHANGE * (share - FREE_SHARE));
  }

  /** Whether all judges find the other prompt better beyond their noise, though not by much. */
  boolean consistent(double tolerance) {
    double bar = 1 - tolerance;
    return share > 0
        && mixtureDeviates >= bar * MIXTURE_DEVIATES
        && neighborEffect >= 0
        && (structure >= bar * FINER_STRUCTURE
            || structure > 0
                && mixtureEffect >= bar * MIXTURE_EFFECT
                && neighborEffect >= bar * FINER_NEIGHBOR_EFFECT);
  }

  /**
   * Whether the other prompt should be gone back to: what is lost by going back to a prompt that is
   * known is little, so structure need not be sure, but it must agree with the mixtures.
   */
  boolean worthGoingBack() {
    return share >= WORTH_GOING_BACK && borneOutByMixtures() && structure > 0;
  }

  /** Whether the mixtures find that a changed image gains, over all classes. */
  boolean borneOutByMixtures() {
    return mixtureEffect >= MIXTURES_BEAR_OUT;
  }

  /** What is known, as evidence under names that begin alike. */
  public Map<String, Double> evidence(String prefix) {
    Map<String, Double> evidence = new LinkedHashMap<>();
    evidence.put(prefix + "Images", images);
    evidence.put(prefix + "Share", share);
    evidence.put(prefix + "MixtureEffect", mixtureEffect);
    evidence.put(prefix + "MixtureDeviates", mixtureDeviates);
    evidence.put(prefix + "NeighborEffect", neighborEffect);
    evidence.put(prefix + "Structure", structure);
    evidence.put(prefix + "Modularity", modularity);
    evidence.put(prefix + "Support", support);
    evidence.put(prefix + "Accuracy", accuracy);
    evidence.put(prefix + "AccuracyError", accuracyError);
    evidence.values().removeIf(value -> value.isNaN());
    return evidence;
  }

  /** What evidence says under names that begin alike; not a number where it says nothing finite. */
  static Comparison of(Map<String, Double> evidence, String prefix) {
    return new Comparison(
        figure(evidence, prefix + "Images"),
        figure(evidence, prefix + "Share"),
        figure(evidence, prefix + "MixtureEffect"),
        figure(evidence, prefix + "MixtureDeviates"),
        figure(evidence, prefix + "NeighborEffect"),
        figure(evidence, prefix + "Structure"),
        figure(evidence, prefix + "Modularity"),
        figure(evidence, prefix + "Support"),
        figure(evidence, prefix + "Accuracy"),
        figure(evidence, prefix + "AccuracyError"));
  }

  private static double figure(Map<String, Double> evidence, String name) {
    Double value = evidence.get(name);
    return value == null || value.isInfinite() ? Double.NaN : value;
  }
}
