package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * A mixture of Gaussians over image features, one for each class with one common covariance, that a
 * teacher's class probabilities begin and that is held to them: what the images' own positions make
 * of a teacher's opinion (after TransCLIP: Zanella et al., NeurIPS 2024, and ADAPT, arXiv
 * 2508.15568).
 *
 * <p>The class log-likelihoods are linear in the feature. One temperature fits them to the teacher:
 * where the features have no structure that fits the classes, they predict the teacher badly and
 * count for little. Human labels hold as they are.
 *
 * @param probabilities {@code [N, C]}, of the images it was fitted to, rows that sum to 1. An
 *     image's own part in a class's mean is taken off before it is held against that mean, or each
 *     would find itself near to what the teacher says it is
 * @param weights {@code [C, D]} and
 * @param constants {@code [C]}, of the class log-likelihoods at their temperature, for any image
 * @param share how much of the log-likelihoods {@link #head} adds to the teacher's logits
 */
public record Mixture(
    FloatTensor probabilities, FloatTensor weights, float[] constants, double share) {
  /** More steps follow the clusters further from the teacher, and judged no better. */
  private static final int ITERATIONS = 4;

  /** The share of the covariance that is taken from a sphere of the same variance. */
  private static final double SHRINKAGE = 0.3;

  /** Images at the mean of all that each class begins with, so that no class mean runs away. */
  private static final double PRIOR_IMAGES = 1;

  private static final double LOWEST = 1e-4;
  private static final double HIGHEST = 4;

  /** How much the likelihoods count in a head where the classes may differ in size. */
  private static final double HEAD_SHARE = 0.5;

  /**
   * A teacher that names at least this share of the classes, by their effective number, names all
   * about equally often: balanced teachers did on 93 of 95 pools that did show all equally often,
   * on 33 of 95 where shares were as 1 / rank and on 24 of 95 of a third of the classes.
   */
  private static final double EVEN = 0.95;

  /**
   * Variance that each direction has at least: more than rounding takes off where all images are
   * alike, and less than a hundredth of what photographs have.
   */
  private static final double TINY = 1e-6;

  /**
   * The mixture that judges and that people's labels hold: its classes may grow and shrink.
   *
   * @param features {@code [N, D]}, rows of unit length
   * @param teacher {@code [N, C]}, its logits
   * @param labels {@code [N]}, classes that people named, and -1 where none did
   */
  public static Mixture fit(FloatTensor features, FloatTensor teacher, int[] labels) {
    return fit(features, teacher, labels, new Plan(false, null, HEAD_SHARE));
  }

  /**
   * The mixture that makes a head where nobody labelled. Its covariance is shrunk as little as the
   * number of images allows. Where the teacher names all classes about equally often, each keeps
   * the size that the teacher gives it: otherwise large clusters eat their neighbors, the faster
   * the more the likelihoods count.
   *
   * @param features {@code [N, D]}, rows of unit length
   * @param teacher {@code [N, C]}, its logits
   */
  public static Mixture fit(FloatTensor features, FloatTensor teacher) {
    int[] labels = new int[teacher.rows()];
    Arrays.fill(labels, Metrics.UNKNOWN);
    double[] sizes = Metrics.meanPrediction(Scores.softmax(teacher));
    boolean even = Metrics.effectiveClasses(sizes) >= EVEN * sizes.length;
    return fit(
        features, teacher, labels, new Plan(true, even ? sizes : null, even ? 1 : HEAD_SHARE));
  }

  /**
   * How a mixture is fitted.
   *
   * @param shrinks whether the covariance is shrunk by as much as the images make necessary
   * @param sizes {@code [C]}, shares that the classes keep; null: they may change
   */
  private record Plan(boolean shrinks, double[] sizes, double share) {}

  private static Mixture fit(FloatTensor features, FloatTensor teacher, int[] labels, Plan plan) {
    int n = features.rows();
    int c = teacher.columns();
    int d = features.columns();
    if (teacher.rows() != n || labels.length != n) {
      throw new IllegalArgumentException(
          "%s, %d labels for %s".formatted(features, labels.length, teacher));
    }
    FloatTensor believed = Rows.named(Scores.softmax(teacher), labels);
    if (n == 0) {
      return new Mixture(
          believed, FloatTensor.matrix(c, d, new float[c * d]), new float[c], plan.share());
    }
    DMatrixRMaj x = matrix(features);
    DMatrixRMaj moments = new DMatrixRMaj(d, d);
    CommonOps_DDRM.multInner(x, moments);
    Step step = null;
    double factor = 0;
    FloatTensor estimate = believed;
    for (int t = 0; t < ITERATIONS; t++) {
      step = Step.of(x, moments, matrix(estimate), plan.shrinks());
      FloatTensor likelihoods = step.withoutOwnPart(x, estimate);
      factor = Calibration.inverseTemperature(likelihoods, believed, LOWEST, HIGHEST);
      float[] logits = new float[n * c];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) (factor * likelihoods.values()[i] + teacher.values()[i]);
      }
      FloatTensor sum = FloatTensor.matrix(n, c, logits);
      FloatTensor sized =
          plan.sizes() == null
              ? sum
              : ClassBalance.added(sum, ClassBalance.towards(sum, plan.sizes()));
      estimate = Rows.named(Scores.softmax(sized), labels);
    }
    float[] weights = new float[c * d];
    float[] constants = new float[c];
    for (int j = 0; j < c; j++) {
      for (int k = 0; k < d; k++) {
        weights[j * d + k] = (float) (factor * step.weights().get(j, k));
      }
      constants[j] = (float) (-factor * step.squares()[j] / 2);
    }
    return new Mixture(estimate, FloatTensor.matrix(c, d, weights), constants, plan.share());
  }

  /**
   * The teacher and the mixture as one classifier. Its class vectors have lengths of their own.
   *
   * @param teacher whose logits the mixture was fitted to
   */
  public Classifier head(Classifier teacher) {
    float[] vectors = teacher.classFeatures().values().clone();
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] += (float) (share * weights.values()[i] / teacher.logitScale());
    }
    float[] bias = teacher.bias().clone();
    for (int j = 0; j < bias.length; j++) {
      bias[j] += (float) (share * constants[j]);
    }
    return new Classifier(
        FloatTensor.matrix(weights.rows(), weights.columns(), vectors), teacher.logitScale(), bias);
  }

  private static DMatrixRMaj matrix(FloatTensor tensor) {
    DMatrixRMaj matrix = new DMatrixRMaj(tensor.rows(), tensor.columns());
    for (int i = 0; i < matrix.data.length; i++) {
      matrix.data[i] = tensor.values()[i];
    }
    return matrix;
  }

  /**
   * The class means and the covariance that a set of shares gives, ready to score with.
   *
   * @param counts {@code [C]}, how many images each mean stands for
   * @param weights {@code [C, D]}, the means times the inverse covariance
   * @param squares {@code [C]}, each mean's product with its own weights
   * @param own the mean product of an image with itself under the inverse covariance; features
   *     being of unit length, it hardly differs between images
   */
  private record Step(double[] counts, DMatrixRMaj weights, double[] squares, double own) {
    static Step of(DMatrixRMaj x, DMatrixRMaj moments, DMatrixRMaj shares, boolean shrinks) {
      int n = x.numRows;
      int d = x.numCols;
      int c = shares.numCols;
      DMatrixRMaj means = new DMatrixRMaj(c, d);
      CommonOps_DDRM.multTransA(shares, x, means);
      double[] centre = CommonOps_DDRM.sumCols(x, null).data;
      double[] counts = CommonOps_DDRM.sumCols(shares, null).data.clone();
      DMatrixRMaj heavy = new DMatrixRMaj(c, d);
      for (int j = 0; j < c; j++) {
        counts[j] += PRIOR_IMAGES;
        for (int k = 0; k < d; k++) {
          double mean = (means.get(j, k) + PRIOR_IMAGES * centre[k] / n) / counts[j];
          means.set(j, k, mean);
          heavy.set(j, k, mean * counts[j]);
        }
      }
      DMatrixRMaj covariance = new DMatrixRMaj(d, d);
      CommonOps_DDRM.multTransA(means, heavy, covariance);
      CommonOps_DDRM.subtract(moments, covariance, covariance);
      // The images that each class begins with are images like the others: without them the
      // covariance would be negative along the centre.
      DMatrixRMaj column = new DMatrixRMaj(d, 1, true, centre);
      CommonOps_DDRM.multAddTransB(c * PRIOR_IMAGES / n / n, column, column, covariance);
      CommonOps_DDRM.scale(1.0 / n, covariance);
      double shrinkage = shrinks ? shrinkage(covariance, n) : SHRINKAGE;
      double sphere = shrinkage * CommonOps_DDRM.trace(covariance) / d + TINY;
      CommonOps_DDRM.scale(1 - shrinkage, covariance);
      for (int k = 0; k < d; k++) {
        covariance.add(k, k, sphere);
      }
      LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(d);
      if (!solver.setA(covariance)) {
        throw new IllegalArgumentException("the features' covariance cannot be inverted");
      }
      DMatrixRMaj inverse = new DMatrixRMaj(d, d);
      solver.invert(inverse);
      DMatrixRMaj weights = new DMatrixRMaj(c, d);
      CommonOps_DDRM.mult(means, inverse, weights);
      double[] squares = new double[c];
      for (int j = 0; j < c; j++) {
        for (int k = 0; k < d; k++) {
          squares[j] += means.get(j, k) * weights.get(j, k);
        }
      }
      double own = 0;
      for (int k = 0; k < d * d; k++) {
        own += inverse.data[k] * moments.data[k] / n;
      }
      return new Step(counts, weights, squares, own);
    }

    /**
     * The share of a sphere with which the covariance of Gaussians comes nearest to the true one
     * (OAS: Chen et al., IEEE Trans. Signal Process. 58, 2010).
     */
    private static double shrinkage(DMatrixRMaj covariance, int n) {
      int d = covariance.numRows;
      double trace = CommonOps_DDRM.trace(covariance);
      double squares = Math.pow(NormOps_DDRM.normF(covariance), 2);
      double excess = squares - trace * trace / d;
      double share =
          ((1 - 2.0 / d) * squares + trace * trace)
              / ((n + 1 - 2.0 / d) * Math.max(excess, Double.MIN_NORMAL));
      return Math.min(1, share);
    }

    /** {@code [N, C]}, rows that sum to 0. */
    FloatTensor withoutOwnPart(DMatrixRMaj x, FloatTensor shares) {
      int n = x.numRows;
      int c = counts.length;
      DMatrixRMaj dots = new DMatrixRMaj(n, c);
      // A product of rows by rows would be sums, one after the other, and no vector instructions.
      CommonOps_DDRM.mult(x, CommonOps_DDRM.transpose(weights, null), dots);
      float[] likelihoods = new float[n * c];
      double[] row = new double[c];
      for (int i = 0; i < n; i++) {
        double mean = 0;
        for (int j = 0; j < c; j++) {
          double w = counts[j];
          double dot = dots.get(i, j);
          double share = shares.values()[i * c + j];
          double rest = w - share;
          double square =
              (w * w * squares[j] - 2 * w * share * dot + share * share * own) / (rest * rest);
          row[j] = (w * dot - share * own) / rest - square / 2;
          mean += row[j] / c;
        }
        for (int j = 0; j < c; j++) {
          likelihoods[i * c + j] = (float) (row[j] - mean);
        }
      }
      return FloatTensor.matrix(n, c, likelihoods);
    }
  }
}
