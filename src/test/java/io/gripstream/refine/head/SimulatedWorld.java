package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.select.Selector;
import io.gripstream.refine.train.HeldOut;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Image and class features as CLIP's lie: two cones far from each other, classes as overlapping
 * clusters within the image cone, zero-shot class features that miss them. The truth is known here.
 */
public final class SimulatedWorld {
  public static final int SIZE = 64;

  public final Random random;
  public final int classes;
  public final int[] truth;
  final double[][] images;
  public final double[][] ideal;
  public final double[][] zeroShot;
  public final double[] imageCone;
  public final boolean[] heldOut;
  final float logitScale;

  /**
   * @param clutter size of what makes images differ that has nothing to do with their class
   * @param skew shares of the classes fall by this factor from the first to the last
   */
  public SimulatedWorld(
      long seed, int classes, int count, double noise, double miss, double clutter, double skew) {
    this(seed, classes, count, noise, miss, clutter, skew, classes);
  }

  /**
   * @param shown how many of the classes there are images of, the first ones
   */
  public SimulatedWorld(
      long seed,
      int classes,
      int count,
      double noise,
      double miss,
      double clutter,
      double skew,
      int shown) {
    random = new Random(seed);
    this.classes = classes;
    imageCone = unit(gaussian(1));
    double[] textCone = unit(gaussian(1));
    double[][] means = new double[classes][];
    ideal = new double[classes][];
    zeroShot = new double[classes][];
    for (int j = 0; j < classes; j++) {
      means[j] = gaussian(1);
      ideal[j] = unit(sum(textCone, 1.5, means[j], 1));
      zeroShot[j] = unit(sum(sum(textCone, 1.5, means[j], 1), 1, gaussian(miss), 1));
    }
    double[][] scenes = {gaussian(clutter), gaussian(clutter), gaussian(clutter)};
    truth = new int[count];
    images = new double[count][];
    heldOut = new boolean[count];
    for (int i = 0; i < count; i++) {
      truth[i] = drawClass(skew, shown);
      double[] image = sum(imageCone, 1.5, means[truth[i]], 1);
      image = sum(image, 1, gaussian(noise), 1);
      images[i] = unit(sum(image, 1, scenes[random.nextInt(scenes.length)], 1));
      heldOut[i] = HeldOut.contains("world", Integer.toString(i), 0.2);
    }
    logitScale = calibrated();
  }

  public FloatTensor features() {
    return tensor(images);
  }

  public Classifier classifier(double[][] classFeatures) {
    return new Classifier(tensor(classFeatures), logitScale);
  }

  public double accuracy(double[][] classFeatures) {
    return Metrics.accuracy(Scores.argmax(classifier(classFeatures).logits(features())), truth);
  }

  /** A Gaussian vector of expected length {@code length}. */
  public double[] gaussian(double length) {
    double[] vector = new double[SIZE];
    for (int k = 0; k < SIZE; k++) {
      vector[k] = length * random.nextGaussian() / Math.sqrt(SIZE);
    }
    return vector;
  }

  /** SGD on the class features over the pseudolabels of a prompt, as a round does it. */
  public double[][] train(double[][] from, double share, double rate, int steps) {
    FloatTensor probabilities = classifier(from).probabilities(features());
    List<Integer> pool = new ArrayList<>();
    for (int i = 0; i < images.length; i++) {
      if (!heldOut[i]) {
        pool.add(i);
      }
    }
    double[][] rows = new double[pool.size()][classes];
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      keys.add("image-" + pool.get(i));
      for (int j = 0; j < classes; j++) {
        rows[i][j] = probabilities.values()[pool.get(i) * classes + j];
      }
    }
    FloatTensor soft = tensor(rows);
    List<Pseudolabel> pseudolabels =
        Selector.select(soft, PredictionPrior.estimate(soft), (int) (share * pool.size()), keys);
    double[][] trained = from;
    for (int t = 0; t < steps; t++) {
      double[][] next = new double[classes][];
      double[][] gradient = new double[classes][SIZE];
      for (int b = 0; b < 16; b++) {
        Pseudolabel chosen = pseudolabels.get(random.nextInt(pseudolabels.size()));
        double[] image = images[pool.get(chosen.sample())];
        float[] logits = new float[classes];
        for (int j = 0; j < classes; j++) {
          logits[j] = (float) (logitScale * dot(image, trained[j]));
        }
        float[] p = Scores.softmax(FloatTensor.matrix(1, classes, logits)).values();
        for (int j = 0; j < classes; j++) {
          double error = logitScale * (p[j] - (j == chosen.label() ? 1 : 0)) / 16;
          gradient[j] = sum(gradient[j], 1, image, error);
        }
      }
      for (int j = 0; j < classes; j++) {
        next[j] = unit(sum(trained[j], 1, gradient[j], -rate));
      }
      trained = next;
    }
    return trained;
  }

  public static double[] sum(double[] one, double a, double[] other, double b) {
    double[] sum = new double[one.length];
    for (int k = 0; k < sum.length; k++) {
      sum[k] = a * one[k] + b * other[k];
    }
    return sum;
  }

  public static double[] unit(double[] vector) {
    double length = Math.sqrt(dot(vector, vector));
    return sum(vector, 1 / length, vector, 0);
  }

  static double dot(double[] one, double[] other) {
    double dot = 0;
    for (int k = 0; k < one.length; k++) {
      dot += one[k] * other[k];
    }
    return dot;
  }

  public static FloatTensor tensor(double[][] rows) {
    int columns = rows[0].length;
    float[] values = new float[rows.length * columns];
    for (int i = 0; i < rows.length; i++) {
      for (int k = 0; k < columns; k++) {
        values[i * columns + k] = (float) rows[i][k];
      }
    }
    return FloatTensor.matrix(rows.length, columns, values);
  }

  private int drawClass(double skew, int shown) {
    double[] shares = new double[shown];
    double total = 0;
    for (int j = 0; j < shown; j++) {
      shares[j] = Math.pow(skew, -(double) j / (shown - 1));
      total += shares[j];
    }
    double u = random.nextDouble() * total;
    for (int j = 0; j < shown - 1; j++) {
      u -= shares[j];
      if (u < 0) {
        return j;
      }
    }
    return shown - 1;
  }

  /** The logit scale at which the zero-shot prompt is as sure as it is right. */
  private float calibrated() {
    double low = 1;
    double high = 500;
    double accuracy =
        Metrics.accuracy(
            Scores.argmax(new Classifier(tensor(zeroShot), 1).logits(features())), truth);
    for (int t = 0; t < 20; t++) {
      double middle = Math.sqrt(low * high);
      Classifier classifier = new Classifier(tensor(zeroShot), (float) middle);
      if (Metrics.meanConfidence(classifier.probabilities(features())) > accuracy) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return (float) low;
  }
}
