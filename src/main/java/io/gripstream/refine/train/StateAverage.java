package io.gripstream.refine.train;

import io.gripstream.clip.FloatTensor;
import java.util.List;

/**
 * The mean of the states that training went through, value by value, as {@code
 * torch.optim.swa_utils.AveragedModel} keeps it (stochastic weight averaging: Izmailov et al., UAI
 * 2018).
 */
final class StateAverage {
  private List<FloatTensor> mean = List.of();
  private int count;

  /**
   * @param state copied
   */
  void add(List<FloatTensor> state) {
    if (count == 0) {
      mean = Descent.cloned(state);
    }
    for (int t = 0; t < state.size(); t++) {
      float[] values = mean.get(t).values();
      for (int i = 0; i < values.length; i++) {
        values[i] += (state.get(t).values()[i] - values[i]) / (count + 1);
      }
    }
    count++;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The mean, which is the caller's. */
  List<FloatTensor> mean() {
    return Descent.cloned(mean);
  }
}
