package io.gripstream.clip;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A CLIP on the PyTorch engine. Every call works in a scope of its own and leaves no native memory
 * behind; only the weights stay. Close it last, after every {@link PromptObjective} and {@link
 * ImageTokens} that it made.
 */
public final class TorchClip implements ClipModel {
  private final String id;
  private final ClipConfig config;
  private final Preprocessing preprocessing;
  private final ClipTokenizer tokenizer;
  private final TorchScript program;
  private final NDManager manager;
  private final ClipWeights weights;
  private final NDArray[] imageTower;

  /**
   * Where a thread's images are put together. One that was new each time would be given back only
   * when the garbage collector comes by.
   */
  private final ThreadLocal<ByteBuffer> staging =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(0));

  private TorchClip(
      String id,
      ClipConfig config,
      Preprocessing preprocessing,
      ClipTokenizer tokenizer,
      TorchScript program,
      NDManager manager,
      ClipWeights weights,
      ComputeDevice device) {
    this.id = id;
    this.config = config;
    this.preprocessing = preprocessing;
    this.tokenizer = tokenizer;
    this.program = program;
    this.manager = manager;
    this.weights = weights;
    TorchScript.named("text", weights.text());
    TorchScript.named("image", weights.image());
    this.imageTower =
        device.precision() == ComputeDevice.Precision.FP32
            ? weights.image()
            : reduced(weights.image());
    manager.cap();
  }

  /**
   * Loads a model.
   *
   * @param folder holds {@code config.json}, {@code tokenizer.json}, the weights ({@link
   *     WeightFiles}) and maybe {@code preprocessor_config.json}
   * @param name what the model is called in its id
   * @throws IOException when a file is missing or does not fit the others
   */
  public static TorchClip load(Path folder, String name, ComputeDevice device) throws IOException {
    ClipConfig config = ClipConfig.read(folder.resolve("config.json"));
    Preprocessing preprocessing = Preprocessing.in(folder, config.vision().imageSize());
    WeightFiles files = WeightFiles.in(folder);
    NDManager manager = Engine.getEngine("PyTorch").newBaseManager(device.device());
    try {
      ClipWeights weights = ClipWeights.load(files.map(), config, manager);
      ClipTokenizer tokenizer = ClipTokenizer.read(folder.resolve("tokenizer.json"), config.text());
      return new TorchClip(
          id(name, files.sha256(), preprocessing),
          config,
          preprocessing,
          tokenizer,
          program(config, preprocessing, device),
          manager,
          weights,
          device);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * What a model is called: its name, twelve digits of its weights' digest, and eight of its
   * preprocessing's where that is not the usual one.
   */
  public static String id(String name, String sha256, Preprocessing preprocessing) {
    return name
        + "@"
        + sha256.substring(0, 12)
        + (preprocessing.isUsual() ? "" : "-" + preprocessing.digest());
  }

  /** The arithmetic for a configuration's sizes. */
  static TorchScript program(ClipConfig config, Preprocessing preprocessing, ComputeDevice device) {
    return new TorchScript(
        "/torchscript/clip.py",
        "Clip",
        Map.of(
            "imageHeads", config.vision().tower().heads(),
            "textHeads", config.text().tower().heads(),
            "epsilon", config.vision().tower().epsilon(),
            "quickGelu", config.vision().tower().quickGelu(),
            "divisor", preprocessing.divisor(),
            "mean", preprocessing.mean(),
            "deviation", preprocessing.deviation()),
        device.device());
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public int imageSize() {
    return config.vision().imageSize();
  }

  @Override
  public Preprocessing preprocessing() {
    return preprocessing;
  }

  @Override
  public int featureSize() {
    return config.featureSize();
  }

  @Override
  public float logitScale() {
    return weights.logitScale();
  }

  @Override
  public boolean sharesProcessors() {
    return !manager.getDevice().isGpu();
  }

  @Override
  public FloatTensor encodeImages(List<byte[]> pixels) {
    try (NDManager scope = manager.newSubManager()) {
      return tensor(call(scope, "encode_images", imageTower, pixels(scope, pixels)).get(0));
    }
  }

  @Override
  public FloatTensor encodeImages(List<byte[]> pixels, FloatTensor prefix) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray input = pixels(scope, pixels);
      return tensor(call(scope, "encode_prefixed", imageTower, input, array(scope, prefix)).get(0));
    }
  }

  /** Room for images that a visual prompt is tuned on; the caller's to close. */
  public ImageTokens imageTokens() {
    return new ImageTokens(this, scope());
  }

  /** {@code [N, L, W]}, in fp32. */
  NDArray tokens(NDManager scope, List<byte[]> pixels) {
    // Not in inference mode: autograd does not take what was made in it.
    NDArray[] input = TorchScript.named("inputs", pixels(scope, pixels));
    return program.call("tokens", true, scope, input, weights.image()).get(0);
  }

  /**
   * @param prefix null: none
   */
  FloatTensor encodeTokens(NDManager scope, NDArray tokens, NDArray rows, FloatTensor prefix) {
    NDArray[] inputs =
        prefix == null
            ? new NDArray[] {tokens, rows}
            : new NDArray[] {tokens, rows, array(scope, prefix)};
    return tensor(call(scope, "encode_tokens", weights.image(), inputs).get(0));
  }

  private NDArray pixels(NDManager scope, List<byte[]> pixels) {
    int side = imageSize();
    int bytes = Math.multiplyExact(pixels.size(), side * side * 3);
    if (staging.get().capacity() < bytes) {
      staging.set(ByteBuffer.allocateDirect(bytes));
    }
    ByteBuffer all = staging.get().slice(0, bytes);
    pixels.forEach(all::put);
    return scope.create(all.flip(), new Shape(pixels.size(), side, side, 3), DataType.UINT8);
  }

  @Override
  public FloatTensor encodeTexts(List<String> texts) {
    ClipTokenizer.Batch batch = tokenizer.encode(texts);
    try (NDManager scope = manager.newSubManager()) {
      return tensor(
          call(scope, "encode_texts", weights.text(), ids(scope, batch), ends(scope, batch))
              .get(0));
    }
  }

  /** The tokenizer, which is closed with the model. */
  public ClipTokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * The input embeddings of a text's tokens, start and end left out, positions not added: what a
   * context is initialised with.
   *
   * @return {@code [M, W]}
   */
  public FloatTensor embed(String text) {
    long[] ids = tokenizer.encode(text);
    try (NDManager scope = manager.newSubManager()) {
      NDArray inner = scope.create(Arrays.copyOfRange(ids, 1, ids.length - 1));
      return tensor(call(scope, "embed", weights.text(), inner).get(0));
    }
  }

  /** The median of the norms of all tokens' input embeddings: how long a word's vector is. */
  public float wordNorm() {
    try (NDManager scope = manager.newSubManager()) {
      return call(scope, "word_norm", weights.text(), scope.create(0.5f)).get(0).getFloat();
    }
  }

  @Override
  public int imageWidth() {
    return config.vision().tower().width();
  }

  /** Width {@code W} of the text tower. */
  public int textWidth() {
    return config.text().tower().width();
  }

  /**
   * Features of classes behind a learnt context.
   *
   * @param context {@code [G, M, W]}, {@code G} being 1 or the number of classes
   * @param suffixes what follows the context, for each class
   * @return {@code [C, D]}, rows of unit length
   */
  public FloatTensor encodeClasses(FloatTensor context, List<String> suffixes) {
    ClipTokenizer.Batch batch = tokenizer.encodeSuffixes(suffixes, 1 + context.shape()[1]);
    try (NDManager scope = manager.newSubManager()) {
      return tensor(
          call(
                  scope,
                  "encode_classes",
                  weights.text(),
                  array(scope, context),
                  start(scope),
                  ids(scope, batch),
                  ends(scope, batch))
              .get(0));
    }
  }

  /**
   * What a multimodal prompt's tensors amount to.
   *
   * @param fusion in the order in which {@code fused} of {@code torchscript/clip.py} takes them
   * @return a context {@code [1, M, W]} and a visual prefix {@code [V, W]}
   */
  public List<FloatTensor> fuse(List<FloatTensor> fusion) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray[] inputs = fusion.stream().map(t -> array(scope, t)).toArray(NDArray[]::new);
      NDList results = program.call("fuse", false, scope, TorchScript.named("inputs", inputs));
      return List.of(tensor(results.get(0)), tensor(results.get(1)));
    }
  }

  /**
   * What examples should be taken for.
   *
   * @param targets {@code [N, C]}, each row a distribution over the classes, or 1 for each of
   *     several candidates and 0 for the others
   * @param weights {@code [N]}
   */
  public record Targets(FloatTensor targets, float[] weights) {}

  /**
   * The objective of a text prompt, whose only tensor is the context.
   *
   * @param contextLength {@code M} of the contexts that will be asked about
   * @param suffixes what follows the context, for each class
   * @param features {@code [N, D]}, of the images
   * @param scale the logit scale
   * @param bias {@code [C]}, added to the logits, in nats, and not tuned
   * @throws IllegalArgumentException when there is not one bias for each class
   */
  public PromptObjective textObjective(
      int contextLength,
      List<String> suffixes,
      FloatTensor features,
      Targets targets,
      float scale,
      float[] bias) {
    checkOnePerClass(bias, suffixes.size());
    NDManager scope = scope();
    return new PromptObjective(
        program,
        "text",
        new NDArray[][] {frozen(scope, contextLength, suffixes), weights.text()},
        null,
        scope,
        array(scope, features),
        array(scope, targets.targets()),
        vector(scope, targets.weights()),
        scope.create(scale),
        vector(scope, bias));
  }

  /**
   * The objective of a visual prompt, whose only tensor is the prefix.
   *
   * @param classFeatures {@code [C, D]}
   * @param images the caller's to close, after the objective
   * @param bias {@code [C]}, as {@link #textObjective} takes it
   */
  public PromptObjective visualObjective(
      FloatTensor classFeatures, ImageTokens images, Targets targets, float scale, float[] bias) {
    checkOnePerClass(bias, classFeatures.rows());
    NDManager scope = scope();
    return new PromptObjective(
        program,
        "visual",
        new NDArray[][] {weights.image()},
        images,
        scope,
        array(scope, classFeatures),
        images.all(),
        array(scope, targets.targets()),
        vector(scope, targets.weights()),
        scope.create(scale),
        vector(scope, bias));
  }

  /**
   * The objective of a multimodal prompt; its tensors are those that {@link #fuse} takes.
   *
   * @param contextLength {@code M} of the context that the fusion gives
   * @param images the caller's to close, after the objective
   * @param bias {@code [C]}, as {@link #textObjective} takes it
   */
  public PromptObjective multimodalObjective(
      int contextLength,
      List<String> suffixes,
      ImageTokens images,
      Targets targets,
      float scale,
      float[] bias) {
    checkOnePerClass(bias, suffixes.size());
    NDManager scope = scope();
    return new PromptObjective(
        program,
        "multimodal",
        new NDArray[][] {frozen(scope, contextLength, suffixes), weights.image(), weights.text()},
        images,
        scope,
        images.all(),
        array(scope, targets.targets()),
        vector(scope, targets.weights()),
        scope.create(scale),
        vector(scope, bias));
  }

  /** What {@code frozen_classes} of {@code torchscript/clip.py} makes, which no step changes. */
  private NDArray[] frozen(NDManager scope, int contextLength, List<String> suffixes) {
    ClipTokenizer.Batch batch = tokenizer.encodeSuffixes(suffixes, 1 + contextLength);
    try (NDManager call = scope.newSubManager()) {
      NDArray shape = call.zeros(new Shape(1, contextLength, 1));
      NDArray[] inputs =
          TorchScript.named("inputs", shape, start(call), ids(call, batch), ends(call, batch));
      // Not in inference mode: autograd does not take what was made in it.
      NDList made = program.call("freeze_classes", true, call, inputs, weights.text());
      made.attach(scope);
      return TorchScript.named("frozen", made.toArray(NDArray[]::new));
    }
  }

  /** The engine would spread a single bias over all classes without a word. */
  private static void checkOnePerClass(float[] bias, int classes) {
    if (bias.length != classes) {
      throw new IllegalArgumentException(
          "a bias of %d numbers for %d classes".formatted(bias.length, classes));
    }
  }

  /** How many arrays this model's own scope holds; the weights, and nothing that a call left. */
  public int nativeArrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    tokenizer.close();
    program.close();
    manager.close();
  }

  private NDArray[] reduced(NDArray[] tower) {
    try (NDManager scope = manager.newSubManager()) {
      // 15 is torch.bfloat16: the engine's own conversion of the type ends the process.
      NDArray[] type = TorchScript.named("inputs", scope.create(15L));
      NDList converted = program.call("converted", false, scope, type, tower);
      converted.attach(manager);
      return TorchScript.named("image", converted.toArray(NDArray[]::new));
    }
  }

  private NDList call(NDManager scope, String method, NDArray[] tower, NDArray... inputs) {
    return program.call(method, false, scope, TorchScript.named("inputs", inputs), tower);
  }

  private NDArray start(NDManager scope) {
    return scope.create(new long[] {tokenizer.encode("")[0]});
  }

  private static NDArray ids(NDManager scope, ClipTokenizer.Batch batch) {
    return scope.create(
        LongBuffer.wrap(batch.ids()), new Shape(batch.rows(), batch.columns()), DataType.INT64);
  }

  private static NDArray ends(NDManager scope, ClipTokenizer.Batch batch) {
    return scope.create(batch.ends());
  }

  private NDManager scope() {
    return manager.getParentManager().newSubManager(manager.getDevice());
  }

  private static NDArray vector(NDManager scope, float[] values) {
    return array(scope, new FloatTensor(new int[] {values.length}, values));
  }

  static NDArray array(NDManager scope, FloatTensor tensor) {
    long[] shape = Arrays.stream(tensor.shape()).asLongStream().toArray();
    return scope.create(FloatBuffer.wrap(tensor.values()), new Shape(shape), DataType.FLOAT32);
  }

  static FloatTensor tensor(NDArray array) {
    long[] shape = array.getShape().getShape();
    int[] extents = new int[shape.length];
    for (int i = 0; i < shape.length; i++) {
      extents[i] = Math.toIntExact(shape[i]);
    }
    return new FloatTensor(extents, array.toFloatArray());
  }
}
