package io.gripstream.refine.head;

import io.gripstream.clip.FloatTensor;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.QRDecomposition;

/**
 * How likely the images of a pool are, were each class a Gaussian about its mean, all with one
 * covariance, and as frequent as the labels say (the classification likelihood: Scott and Symons,
 * "Clustering methods based on likelihood ratio criteria", Biometrics 27, 1971).
 *
 * <p>The {@link NeighborGraph} likes classes that are equally frequent: to cut a class that has
 * nine images of ten in two gains more modularity and more information than to leave it whole. Here
 * it does not pay: half a Gaussian is narrower by less than the second class costs. What the
 * classes' shares are is left to the images.
 */
public final class ClassLikelihood {
  /** The directions in which images differ most; ten to sixty judge about as well. */
  private static final int DIRECTIONS = 20;

  /** Passes over the features that find them. They need not be exact. */
  private static final int ITERATIONS = 4;

  /** The least share of the images' own covariance that is left within classes. */
  private static final double LEAST_WITHIN = 0.02;

  /**
   * Variance that each direction has at least, more than rounding leaves where all images are
   * alike.
   */
  private static final double TINY = 1e-9;

  /** {@code [N, Q]}, the images along the directions, of variance 1 on average. */
  private final DMatrixRMaj places;

  /** {@code [Q, Q]}, of the places with each other, summed over the images. */
  private final DMatrixRMaj products;

  private ClassLikelihood(DMatrixRMaj places) {
    this.places = places;
    this.products = new DMatrixRMaj(places.numCols, places.numCols);
    CommonOps_DDRM.multInner(places, products);
  }

  /**
   * @param features {@code [N, D]}
   */
  public static ClassLikelihood of(FloatTensor features) {
    DMatrixRMaj places = new DMatrixRMaj(0, 0);
    if (features.rows() == 0) {
      return new ClassLikelihood(places);
    }
    DMatrixRMaj x = centred(features);
    CommonOps_DDRM.mult(x, directions(x), places);
    double variance =
        Math.pow(NormOps_DDRM.normF(places), 2) / Math.max(1, places.getNumElements());
    CommonOps_DDRM.scale(variance < TINY ? 0 : 1 / Math.sqrt(variance), places);
    return new ClassLikelihood(places);
  }

  private static DMatrixRMaj centred(FloatTensor features) {
    int n = features.rows();
    int d = features.columns();
    double[] centre = new double[d];
    for (int i = 0; i < n * d; i++) {
      centre[i % d] += features.values()[i] / n;
    }
    DMatrixRMaj x = new DMatrixRMaj(n, d);
    for (int i = 0; i < n * d; i++) {
      x.data[i] = features.values()[i] - centre[i % d];
    }
    return x;
  }

  /**
   * {@code [D, Q]}, of length 1 and at right angles: about the leading principal directions, by
   * subspace iteration. Which ones span their space does not matter to a likelihood.
   */
  private static DMatrixRMaj directions(DMatrixRMaj x) {
    int q = Math.min(DIRECTIONS, x.numCols);
    DMatrixRMaj directions =
        RandomMatrices_DDRM.rectangleGaussian(x.numCols, q, 0, 1, new Random(0));
    DMatrixRMaj along = new DMatrixRMaj(x.numRows, q);
    QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(x.numCols, q);
    for (int t = 0; t < ITERATIONS; t++) {
      CommonOps_DDRM.mult(x, directions, along);
      CommonOps_DDRM.multTransA(x, along, directions);
      // It also says whether a direction was lost, which is no fault: the others are what is left.
      qr.decompose(directions);
      qr.getQ(directions, true);
    }
    return directions;
  }

  /**
   * The mean log-likelihood of an image, in nats, but for what is the same for all labels of the
   * same images.
   *
   * @param labels {@code [N]}, from 0 to {@code classes - 1}, and -1 for images that do not count
   */
  public double of(int[] labels, int classes) {
    int q = places.numCols;
    double[] counts = new double[classes];
    DMatrixRMaj sums = new DMatrixRMaj(classes, q);
    DMatrixRMaj within = products.copy();
    int n = 0;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0) {
        add(within, -1, places.data, i * q);
      } else {
        n++;
        counts[labels[i]]++;
        for (int k = 0; k < q; k++) {
          sums.data[labels[i] * q + k] += places.data[i * q + k];
        }
      }
    }
    if (n == 0) {
      return 0;
    }
    double[] all = CommonOps_DDRM.sumCols(sums, null).data;
    DMatrixRMaj least = within.copy();
    add(least, -1.0 / n, all, 0);
    double shares = 0;
    for (int j = 0; j < classes; j++) {
      if (counts[j] > 0) {
        add(within, -1 / counts[j], sums.data, j * q);
        shares += counts[j] / n * Math.log(counts[j] / n);
      }
    }
    CommonOps_DDRM.addEquals(within, LEAST_WITHIN, least);
    CommonOps_DDRM.scale(1.0 / n, within);
    for (int k = 0; k < q; k++) {
      within.add(k, k, TINY);
    }
    CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(q, true);
    if (!cholesky.decompose(within)) {
      throw new IllegalArgumentException("the covariance within classes is not positive definite");
    }
    return shares - Math.log(cholesky.computeDeterminant().real) / 2;
  }

  /** Adds the products of some values with each other. */
  private static void add(DMatrixRMaj matrix, double factor, double[] values, int from) {
    int q = matrix.numCols;
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        matrix.data[k * q + l] += factor * values[from + k] * values[from + l];
      }
    }
  }
}
