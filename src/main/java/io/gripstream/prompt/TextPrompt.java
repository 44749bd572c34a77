package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.Modality;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Learnt context vectors that stand where the words before a class name would (CoOp: Zhou et al.,
 * IJCV 2022).
 *
 * @param context {@code [G, M, W]}: {@code G} is 1 where all classes share the context, or the
 *     number of classes
 */
public record TextPrompt(FloatTensor context) implements Prompt {
  /** Under which name the context is in a prompt version's tensors. */
  public static final String CONTEXT = "context";

  private static final double DEVIATION = 0.02;

  public TextPrompt {
    if (context.shape().length != 3) {
      throw new IllegalArgumentException("a context has shape [G, M, W], not " + context);
    }
  }

  /** {@code M}. */
  public int length() {
    return context.shape()[1];
  }

  /** A context that says what the template says: its first round begins where zero-shot stands. */
  public static TextPrompt of(PromptTemplate template, TorchClip clip) {
    FloatTensor words = clip.embed(template.lead());
    return new TextPrompt(
        new FloatTensor(new int[] {1, words.rows(), clip.textWidth()}, words.values()));
  }

  /** The paper's initialisation: N(0, 0.02). */
  public static TextPrompt random(int length, int width, long seed) {
    return new TextPrompt(Drawn.normal(new Random(seed), DEVIATION, 1, length, width));
  }

  /**
   * The same shared context, as many times as there are classes: each goes its own way from here.
   */
  public TextPrompt perClass(int classes) {
    float[] once = context.values();
    float[] values = new float[classes * once.length];
    for (int i = 0; i < classes; i++) {
      System.arraycopy(once, 0, values, i * once.length, once.length);
    }
    return new TextPrompt(
        new FloatTensor(new int[] {classes, length(), context.shape()[2]}, values));
  }

  @Override
  public Modality modality() {
    return Modality.TEXT;
  }

  @Override
  public List<FloatTensor> parameters() {
    return List.of(context);
  }

  @Override
  public TextPrompt with(List<FloatTensor> parameters) {
    return new TextPrompt(parameters.get(0));
  }

  @Override
  public Consumer<List<FloatTensor>> bound(TorchClip clip, float reach) {
    double longest = reach * clip.wordNorm();
    return parameters -> Vectors.shorten(parameters.get(0), longest);
  }

  @Override
  public Realized realized(TorchClip clip, ClassTexts texts) {
    return new Realized(
        clip.encodeClasses(context, texts.tails()), Optional.empty(), Map.of(CONTEXT, context));
  }

  @Override
  public PromptObjective objective(
      TorchClip clip, ClassTexts texts, Images images, Targets targets, float scale, float[] bias) {
    return clip.textObjective(length(), texts.tails(), images.features(), targets, scale, bias);
  }
}
