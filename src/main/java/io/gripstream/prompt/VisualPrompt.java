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
 * Learnt vectors among an image's patches (shallow VPT: Jia et al., "Visual Prompt Tuning", ECCV
 * 2022). Classes stay the template's sentences.
 *
 * @param prefix {@code [V, W]}
 */
public record VisualPrompt(FloatTensor prefix) implements Prompt {
  /** Under which name the prefix is in a prompt version's tensors. */
  public static final String PREFIX = "prefix";

  /** The norm that a vector is drawn with, on average, whatever its width. */
  static final double DRAWN_NORM = 1;

  public VisualPrompt {
    if (prefix.shape().length != 2) {
      throw new IllegalArgumentException("a visual prefix has shape [V, W], not " + prefix);
    }
  }

  /** The paper's initialisation: {@code W^-1/2 N(0, 1)}. */
  public static VisualPrompt random(int length, int width, long seed) {
    return new VisualPrompt(Drawn.normal(new Random(seed), 1 / Math.sqrt(width), length, width));
  }

  @Override
  public Modality modality() {
    return Modality.VISUAL;
  }

  @Override
  public List<FloatTensor> parameters() {
    return List.of(prefix);
  }

  @Override
  public VisualPrompt with(List<FloatTensor> parameters) {
    return new VisualPrompt(parameters.get(0));
  }

  @Override
  public Consumer<List<FloatTensor>> bound(TorchClip clip, float reach) {
    return parameters -> Vectors.shorten(parameters.get(0), reach * DRAWN_NORM);
  }

  @Override
  public Realized realized(TorchClip clip, ClassTexts texts) {
    return new Realized(
        clip.encodeTexts(texts.sentences()), Optional.of(prefix), Map.of(PREFIX, prefix));
  }

  @Override
  public PromptObjective objective(
      TorchClip clip, ClassTexts texts, Images images, Targets targets, float scale, float[] bias) {
    return clip.visualObjective(
        clip.encodeTexts(texts.sentences()), images.tokens(), targets, scale, bias);
  }
}
