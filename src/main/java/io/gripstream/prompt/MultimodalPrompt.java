package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.Modality;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A text and a visual prompt that are tuned as one (UPT: Zang et al., "Unified Vision and Language
 * Prompt Learning", 2022): vectors for both go through one transformer layer as a single sequence,
 * so that each sees the other, and what comes out is context and prefix.
 *
 * @param parameters by {@link #NAMES}
 */
public record MultimodalPrompt(List<FloatTensor> parameters) implements Prompt {
  /** The names of the parameters in a prompt version, in order. */
  public static final List<String> NAMES =
      List.of(
          "fusion.text",
          "fusion.visual",
          "fusion.textDown.weight",
          "fusion.textDown.bias",
          "fusion.visualDown.weight",
          "fusion.visualDown.bias",
          "fusion.textUp.weight",
          "fusion.textUp.bias",
          "fusion.visualUp.weight",
          "fusion.visualUp.bias",
          "fusion.norm1.weight",
          "fusion.norm1.bias",
          "fusion.attention.weight",
          "fusion.attention.bias",
          "fusion.output.weight",
          "fusion.output.bias",
          "fusion.norm2.weight",
          "fusion.norm2.bias",
          "fusion.up.weight",
          "fusion.up.bias",
          "fusion.down.weight",
          "fusion.down.bias");

  /** The paper's width of the layer. */
  private static final int WIDTH = 128;

  /** Of the vectors that go in, and of those that come out at first: CoOp's. */
  private static final double DEVIATION = 0.02;

  public MultimodalPrompt {
    parameters = List.copyOf(parameters);
    if (parameters.size() != NAMES.size()) {
      throw new IllegalArgumentException(
          "%d tensors where %d are due".formatted(parameters.size(), NAMES.size()));
    }
  }

  /**
   * Draws a prompt. The projections back are drawn so small that context and prefix begin about as
   * large as CoOp's: a layer's usual initialisation would begin them fifty times larger than any
   * word.
   *
   * @param contextLength text vectors
   * @param prefixLength visual vectors
   */
  public static MultimodalPrompt random(
      int contextLength, int prefixLength, int textWidth, int imageWidth, long seed) {
    Random random = new Random(seed);
    List<FloatTensor> drawn = new ArrayList<>();
    drawn.add(Drawn.normal(random, DEVIATION, contextLength, textWidth));
    drawn.add(Drawn.normal(random, DEVIATION, prefixLength, imageWidth));
    linear(drawn, random, 1, textWidth, WIDTH);
    linear(drawn, random, 1, imageWidth, WIDTH);
    linear(drawn, random, DEVIATION, WIDTH, textWidth);
    linear(drawn, random, DEVIATION, WIDTH, imageWidth);
    norm(drawn);
    linear(drawn, random, 1, WIDTH, 3 * WIDTH);
    linear(drawn, random, 1, WIDTH, WIDTH);
    norm(drawn);
    linear(drawn, random, 1, WIDTH, 4 * WIDTH);
    linear(drawn, random, 1, 4 * WIDTH, WIDTH);
    return new MultimodalPrompt(drawn);
  }

  private static void linear(
      List<FloatTensor> into, Random random, double scale, int from, int to) {
    into.add(Drawn.normal(random, scale / Math.sqrt(from), to, from));
    into.add(Drawn.constant(0, to));
  }

  private static void norm(List<FloatTensor> into) {
    into.add(Drawn.constant(1, WIDTH));
    into.add(Drawn.constant(0, WIDTH));
  }

  @Override
  public Modality modality() {
    return Modality.MULTIMODAL;
  }

  @Override
  public MultimodalPrompt with(List<FloatTensor> parameters) {
    return new MultimodalPrompt(parameters);
  }

  /** The vectors that come out are bounded, by scaling the last projection down as a whole. */
  @Override
  public Consumer<List<FloatTensor>> bound(TorchClip clip, float reach) {
    double longestText = reach * clip.wordNorm();
    double longestVisual = reach * VisualPrompt.DRAWN_NORM;
    return parameters -> {
      List<FloatTensor> fused = clip.fuse(parameters);
      Vectors.scale(parameters.subList(6, 8), longestText / Vectors.longest(fused.get(0)));
      Vectors.scale(parameters.subList(8, 10), longestVisual / Vectors.longest(fused.get(1)));
    };
  }

  @Override
  public Realized realized(TorchClip clip, ClassTexts texts) {
    List<FloatTensor> fused = clip.fuse(parameters);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put(TextPrompt.CONTEXT, fused.get(0));
    tensors.put(VisualPrompt.PREFIX, fused.get(1));
    for (int i = 0; i < parameters.size(); i++) {
      tensors.put(NAMES.get(i), parameters.get(i));
    }
    return new Realized(
        clip.encodeClasses(fused.get(0), texts.tails()), Optional.of(fused.get(1)), tensors);
  }

  @Override
  public PromptObjective objective(
      TorchClip clip, ClassTexts texts, Images images, Targets targets, float scale, float[] bias) {
    return clip.multimodalObjective(
        parameters.get(0).rows(), texts.tails(), images.tokens(), targets, scale, bias);
  }
}
