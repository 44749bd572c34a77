package io.gripstream.refine.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.Objective;
import io.gripstream.event.Training;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** What PyTorch does on a quadratic, as src/test/python/sgd_trajectories.py wrote it down. */
final class Trajectories {
  private static final JsonNode FILE = read();

  private Trajectories() {}

  private static JsonNode read() {
    try (InputStream in = Trajectories.class.getResourceAsStream("/refine/sgd-trajectories.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode at(String name) {
    return FILE.get(name);
  }

  /** The settings of an entry; training is otherwise as bare as can be. */
  static Training.Builder training(JsonNode entry) {
    return bare()
        .setLearningRate(entry.get("rate").floatValue())
        .setMomentum(entry.get("momentum").floatValue())
        .setWeightDecay(entry.get("weightDecay").floatValue())
        .setClipNorm(entry.get("clipNorm").floatValue());
  }

  /** Plain gradient descent. */
  static Training.Builder bare() {
    return Training.newBuilder()
        .setLearningRate(0.1f)
        .setMomentum(0)
        .setWeightDecay(0)
        .setClipNorm(0)
        .setReach(0)
        .setTail(0)
        .setWarmUpEpochs(0);
  }

  static List<FloatTensor> tensors(JsonNode lists) {
    List<FloatTensor> tensors = new ArrayList<>();
    lists.forEach(list -> tensors.add(new FloatTensor(new int[] {list.size()}, values(list))));
    return tensors;
  }

  /** All values of all lists, one after another. */
  static float[] flat(JsonNode lists) {
    List<FloatTensor> tensors = tensors(lists);
    float[] flat = new float[tensors.stream().mapToInt(t -> t.values().length).sum()];
    int at = 0;
    for (FloatTensor tensor : tensors) {
      System.arraycopy(tensor.values(), 0, flat, at, tensor.values().length);
      at += tensor.values().length;
    }
    return flat;
  }

  private static float[] values(JsonNode list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).floatValue();
    }
    return values;
  }

  /** {@code 0.5 * sum(curvature * (x - minimum)^2)}, whatever the rows. */
  record Quadratic(float[] curvature, float[] minimum) implements Objective {
    static Quadratic ofTheFile() {
      return new Quadratic(flat(at("curvature")), flat(at("minimum")));
    }

    @Override
    public Evaluation evaluate(List<FloatTensor> parameters, int[] rows) {
      List<FloatTensor> gradient = Descent.cloned(parameters);
      int at = 0;
      for (FloatTensor tensor : gradient) {
        for (int i = 0; i < tensor.values().length; i++, at++) {
          tensor.values()[i] = curvature[at] * (tensor.values()[i] - minimum[at]);
        }
      }
      return new Evaluation(loss(parameters, rows), gradient);
    }

    @Override
    public double loss(List<FloatTensor> parameters, int[] rows) {
      double sum = 0;
      int at = 0;
      for (FloatTensor tensor : parameters) {
        for (float value : tensor.values()) {
          sum += 0.5 * curvature[at] * (value - minimum[at]) * (value - minimum[at]);
          at++;
        }
      }
      return sum;
    }
  }
}
