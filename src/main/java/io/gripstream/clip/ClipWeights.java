package io.gripstream.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.gripstream.clip.SafeTensors.Entry;
import io.gripstream.clip.SafeTensors.Type;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of both towers in the order in which {@code torchscript/clip.py} takes them, read
 * from tensors in the names of the Hugging Face layout. The tensors of 32-bit files stay in the
 * mapping: they must never be written to.
 */
public final class ClipWeights {
  private final NDArray[] image;
  private final NDArray[] text;
  private final float logitScale;

  private ClipWeights(NDArray[] image, NDArray[] text, float logitScale) {
    this.image = image;
    this.text = text;
    this.logitScale = logitScale;
  }

  NDArray[] image() {
    return image;
  }

  NDArray[] text() {
    return text;
  }

  /** Already exponentiated. */
  float logitScale() {
    return logitScale;
  }

  /**
   * @param manager owns the tensors
   * @throws IOException when a tensor is missing or its shape is not what the configuration says
   */
  static ClipWeights load(SafeTensors file, ClipConfig config, NDManager manager)
      throws IOException {
    List<NDArray> image = new ArrayList<>();
    for (Named tensor : imageLayout(config)) {
      image.add(tensor.read(file, manager));
    }
    List<NDArray> text = new ArrayList<>();
    for (Named tensor : textLayout(config)) {
      text.add(tensor.read(file, manager));
    }
    return new ClipWeights(
        image.toArray(NDArray[]::new),
        text.toArray(NDArray[]::new),
        (float) Math.exp(file.get("logit_scale").floats()[0]));
  }

  /**
   * Checks that weights are those of a configuration, and reads none of them. What else is among
   * them, such as position ids, does not matter.
   *
   * @throws IOException when a tensor is missing, or its shape or its numbers are others
   */
  public static void require(SafeTensors file, ClipConfig config) throws IOException {
    for (Map.Entry<String, long[]> tensor : shapes(config).entrySet()) {
      Entry entry = file.get(tensor.getKey(), tensor.getValue());
      if (entry.type() == Type.I64) {
        throw new IOException("tensor " + tensor.getKey() + " is stored as integers");
      }
    }
  }

  /** One tensor of the program, which may be several of the file, one below the other. */
  record Named(List<String> names, long... shape) {
    NDArray read(SafeTensors file, NDManager manager) throws IOException {
      long[] part = shape.clone();
      part[0] /= names.size();
      if (names.size() == 1) {
        return array(file.get(names.get(0), part), manager);
      }
      try (NDManager scope = manager.newSubManager()) {
        NDList parts = new NDList();
        for (String name : names) {
          parts.add(array(file.get(name, part), scope));
        }
        NDArray joined = NDArrays.concat(parts);
        joined.attach(manager);
        return joined;
      }
    }

    private static NDArray array(Entry entry, NDManager manager) {
      Shape shape = new Shape(entry.shape());
      if (entry.type() == Type.F32) {
        return manager.create(
            entry.data().duplicate().order(entry.data().order()), shape, DataType.FLOAT32);
      }
      // The engine's own memory: what the JVM lends is as scarce as its heap, and a large model's
      // weights do not fit in.
      try (NDManager scope = manager.newSubManager()) {
        NDArray copy =
            entry.type() == Type.F16
                ? scope
                    .create(
                        entry.data().duplicate().order(entry.data().order()),
                        shape,
                        DataType.FLOAT16)
                    .toType(DataType.FLOAT32, true)
                : scope
                    .create(FloatBuffer.wrap(entry.floats()), shape, DataType.FLOAT32)
                    .duplicate();
        copy.attach(manager);
        return copy;
      }
    }
  }

  static List<Named> imageLayout(ClipConfig config) {
    ClipConfig.Vision vision = config.vision();
    long width = vision.tower().width();
    String embeddings = "vision_model.embeddings.";
    List<Named> layout = new ArrayList<>();
    layout.add(named(embeddings + "class_embedding", width));
    layout.add(
        named(
            embeddings + "patch_embedding.weight",
            width,
            3,
            vision.patchSize(),
            vision.patchSize()));
    layout.add(named(embeddings + "position_embedding.weight", vision.tokens(), width));
    // The misspelling is the layout's own.
    layout.add(named("vision_model.pre_layrnorm.weight", width));
    layout.add(named("vision_model.pre_layrnorm.bias", width));
    layout.add(named("vision_model.post_layernorm.weight", width));
    layout.add(named("vision_model.post_layernorm.bias", width));
    layout.add(named("visual_projection.weight", config.featureSize(), width));
    layers(layout, "vision_model", vision.tower());
    return layout;
  }

  static List<Named> textLayout(ClipConfig config) {
    ClipConfig.Text text = config.text();
    long width = text.tower().width();
    List<Named> layout = new ArrayList<>();
    layout.add(named("text_model.embeddings.token_embedding.weight", text.vocabulary(), width));
    layout.add(named("text_model.embeddings.position_embedding.weight", text.length(), width));
    layout.add(named("text_model.final_layer_norm.weight", width));
    layout.add(named("text_model.final_layer_norm.bias", width));
    layout.add(named("text_projection.weight", config.featureSize(), width));
    layers(layout, "text_model", text.tower());
    return layout;
  }

  /**
   * The tensors that a file of a CLIP of these sizes has, in the names of the Hugging Face layout.
   *
   * @return shapes by name; a scalar's is empty
   */
  public static Map<String, long[]> shapes(ClipConfig config) {
    List<Named> layout = new ArrayList<>(imageLayout(config));
    layout.addAll(textLayout(config));
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (Named named : layout) {
      for (String name : named.names()) {
        long[] shape = named.shape().clone();
        shape[0] /= named.names().size();
        shapes.put(name, shape);
      }
    }
    shapes.put("logit_scale", new long[0]);
    return shapes;
  }

  /** The opposite of {@link #load}: the program's tensors under the names of the file. */
  static Map<String, FloatTensor> export(
      ClipConfig config, NDArray[] image, NDArray[] text, float logLogitScale) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    export(imageLayout(config), image, tensors);
    export(textLayout(config), text, tensors);
    tensors.put("logit_scale", new FloatTensor(new int[0], new float[] {logLogitScale}));
    return tensors;
  }

  private static void export(List<Named> layout, NDArray[] arrays, Map<String, FloatTensor> into) {
    for (int i = 0; i < arrays.length; i++) {
      List<String> names = layout.get(i).names();
      float[] values = arrays[i].toFloatArray();
      int part = values.length / names.size();
      int[] shape = new int[layout.get(i).shape().length];
      for (int d = 0; d < shape.length; d++) {
        shape[d] = (int) layout.get(i).shape()[d];
      }
      shape[0] /= names.size();
      for (int k = 0; k < names.size(); k++) {
        float[] slice = Arrays.copyOfRange(values, k * part, (k + 1) * part);
        into.put(names.get(k), new FloatTensor(shape, slice));
      }
    }
  }

  private static void layers(List<Named> layout, String model, ClipConfig.Tower tower) {
    long width = tower.width();
    long hidden = tower.hidden();
    for (int layer = 0; layer < tower.layers(); layer++) {
      String at = model + ".encoder.layers." + layer + ".";
      layout.add(named(at + "layer_norm1.weight", width));
      layout.add(named(at + "layer_norm1.bias", width));
      for (String part : List.of("weight", "bias")) {
        List<String> joined =
            List.of(
                at + "self_attn.q_proj." + part,
                at + "self_attn.k_proj." + part,
                at + "self_attn.v_proj." + part);
        layout.add(
            part.equals("weight")
                ? new Named(joined, 3 * width, width)
                : new Named(joined, 3 * width));
      }
      layout.add(named(at + "self_attn.out_proj.weight", width, width));
      layout.add(named(at + "self_attn.out_proj.bias", width));
      layout.add(named(at + "layer_norm2.weight", width));
      layout.add(named(at + "layer_norm2.bias", width));
      layout.add(named(at + "mlp.fc1.weight", hidden, width));
      layout.add(named(at + "mlp.fc1.bias", hidden));
      layout.add(named(at + "mlp.fc2.weight", width, hidden));
      layout.add(named(at + "mlp.fc2.bias", width));
    }
  }

  private static Named named(String name, long... shape) {
    return new Named(List.of(name), shape);
  }
}
