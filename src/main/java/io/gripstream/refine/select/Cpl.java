package io.gripstream.refine.select;

import io.gripstream.clip.FloatTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Candidate pseudolabels: takes the images that GRIP takes, and as many in each round, but where
 * the prompt is not sure of an image, keeps every class that it may be of (Zhang et al., "Candidate
 * Pseudolabel Learning", ICML 2024, arXiv 2406.10502, section 3.2). A class is a candidate of an
 * image when it is among the most probable ones that make up {@code mass} together, and when the
 * class is surer of the image than of a {@code quantile} of all images.
 *
 * @param rounds in so many rounds the share of the pool grows to 1
 * @param mass from 0, only the most probable class, to 1
 * @param quantile from 0, any image, to 1
 */
public record Cpl(int rounds, double mass, double quantile) implements Strategy {
  public Cpl {
    if (!(mass >= 0 && mass <= 1) || !(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("mass %s, quantile %s".formatted(mass, quantile));
    }
    new Grip(rounds);
  }

  @Override
  public Teacher teacher() {
    return Teacher.LIVE;
  }

  @Override
  public int total(int round, int pool, int classes) {
    return new Grip(rounds).total(round, pool, classes);
  }

  @Override
  public List<Pseudolabel> select(
      FloatTensor probabilities, float[] shares, int total, List<String> keys) {
    float[] floors = floors(probabilities);
    return Selector.select(probabilities, shares, total, keys).stream()
        .map(
            chosen ->
                new Pseudolabel(
                    chosen.sample(),
                    chosen.label(),
                    chosen.confidence(),
                    candidates(probabilities, chosen, shares, floors)))
        .toList();
  }

  private List<Integer> candidates(
      FloatTensor probabilities, Pseudolabel chosen, float[] shares, float[] floors) {
    float[] row = probabilities.row(chosen.sample());
    int[] falling =
        IntStream.range(0, row.length)
            .boxed()
            .sorted((a, b) -> Float.compare(row[b], row[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    List<Integer> candidates = new ArrayList<>(List.of(chosen.label()));
    double sum = 0;
    for (int j : falling) {
      if (j != chosen.label() && shares[j] > 0 && row[j] >= floors[j]) {
        candidates.add(j);
      }
      sum += row[j];
      if (sum >= mass) {
        break;
      }
    }
    candidates.sort(null);
    return candidates;
  }

  /** {@code [C]}, the quantile of each column. */
  private float[] floors(FloatTensor probabilities) {
    int n = probabilities.rows();
    int c = probabilities.columns();
    float[] floors = new float[c];
    float[] column = new float[n];
    for (int j = 0; j < c && n > 0; j++) {
      for (int i = 0; i < n; i++) {
        column[i] = probabilities.values()[i * c + j];
      }
      Arrays.sort(column);
      floors[j] = column[(int) Math.min(n - 1, Math.floor(quantile * n))];
    }
    return floors;
  }
}
