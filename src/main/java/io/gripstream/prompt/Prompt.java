package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.clip.PromptObjective;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.TorchClip.Targets;
import io.gripstream.event.Modality;
import io.gripstream.event.PromptVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** What is tuned: numbers that extend one or both of CLIP's inputs, CLIP itself being frozen. */
public sealed interface Prompt permits TextPrompt, VisualPrompt, MultimodalPrompt {
  Modality modality();

  /** The tensors that are tuned, in the order in which the modality's objective takes them. */
  List<FloatTensor> parameters();

  /**
   * The same prompt with other numbers.
   *
   * @param parameters of the shapes of {@link #parameters}
   */
  Prompt with(List<FloatTensor> parameters);

  /**
   * The bound on how long this prompt's vectors may grow: {@code reach} times the median norm of
   * the model's words for those that stand among words, and {@code reach} times the norm that a
   * prefix is drawn with, 1, for those that stand among patches.
   *
   * @param reach above 0
   * @return shortens in place what is longer, in parameters of the shapes of {@link #parameters}
   */
  Consumer<List<FloatTensor>> bound(TorchClip clip, float reach);

  /** What the prompt amounts to. */
  Realized realized(TorchClip clip, ClassTexts texts);

  /**
   * The loss of examples as a function of this prompt's parameters.
   *
   * @param images what is known of the examples' images, in the order of the targets
   * @param scale the logit scale
   * @param bias {@code [C]}, added to the logits, in nats, and not tuned
   * @return the caller's to close
   */
  PromptObjective objective(
      TorchClip clip, ClassTexts texts, Images images, Targets targets, float scale, float[] bias);

  /**
   * Images to tune a prompt on.
   *
   * @param features {@code [N, D]}, without a visual prompt
   * @param tokens the same images, for prompts that change what the image tower makes of them; null
   *     for those that do not
   */
  record Images(FloatTensor features, ImageTokens tokens) {}

  /**
   * A prompt's effect, which is what is published.
   *
   * @param classFeatures {@code [C, D]}, rows of unit length
   * @param prefix {@code [V, W]}, what images are to be encoded behind; empty: as they are
   * @param tensors by their names in a prompt version
   */
  record Realized(
      FloatTensor classFeatures, Optional<FloatTensor> prefix, Map<String, FloatTensor> tensors) {}

  /** The prompt of a version; empty where the version has none: only its head may differ. */
  static Optional<Prompt> of(PromptVersion version) {
    if (version.getTensors().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (version.getModality()) {
          case TEXT -> new TextPrompt(Tensors.decode(tensor(version, TextPrompt.CONTEXT)));
          case VISUAL -> new VisualPrompt(Tensors.decode(tensor(version, VisualPrompt.PREFIX)));
          case MULTIMODAL ->
              new MultimodalPrompt(
                  MultimodalPrompt.NAMES.stream()
                      .map(name -> Tensors.decode(tensor(version, name)))
                      .toList());
        });
  }

  /** What a version's images are to be encoded behind; empty: as they are. */
  static Optional<FloatTensor> prefix(PromptVersion version) {
    return Optional.ofNullable(version.getTensors().get(VisualPrompt.PREFIX)).map(Tensors::decode);
  }

  /**
   * What a version adds to the logits.
   *
   * @return {@code [C]}, in nats, zeros where the version has none; of another length where the
   *     version is broken
   */
  static float[] bias(PromptVersion version) {
    List<Float> given = version.getBias();
    float[] bias = new float[given.isEmpty() ? version.getClasses().size() : given.size()];
    for (int c = 0; c < given.size(); c++) {
      bias[c] = given.get(c);
    }
    return bias;
  }

  /**
   * Whether a version is a zero-shot one: no strategy made it, and it has no numbers of its own.
   */
  static boolean zeroShot(PromptVersion version) {
    return version.getMadeBy() == null
        && version.getTensors().isEmpty()
        && version.getBias().isEmpty();
  }

  private static io.gripstream.event.Tensor tensor(PromptVersion version, String name) {
    io.gripstream.event.Tensor tensor = version.getTensors().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "version %d of %s is %s and has no %s"
              .formatted(version.getVersion(), version.getTask(), version.getModality(), name));
    }
    return tensor;
  }
}
