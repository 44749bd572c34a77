package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.event.PromptVersion;
import io.gripstream.prompt.Prompt;
import java.util.List;
import java.util.Optional;

/**
 * A prompt ready to label with: everything that a prediction says of it, and its heads.
 *
 * @param classes in the order of the heads' rows
 * @param prefix what the image tower runs behind for {@code live}; empty: nothing
 * @param live what the prompt itself says, of features behind the prefix
 * @param zeroShot what version 0 says, of features without a prefix; at the model's own logit
 *     scale, because the prompt's own was calibrated for its class features only
 */
record LivePrompt(
    String task,
    int version,
    String digest,
    List<String> classes,
    Optional<Prefix> prefix,
    ClassHead live,
    ClassHead zeroShot) {

  /**
   * @throws IllegalArgumentException when the prompt belongs to another model, or does not fit
   *     together; the message says how
   */
  static LivePrompt of(String task, PromptVersion prompt, ClipModel model) {
    if (!prompt.getModelId().equals(model.id())) {
      throw new IllegalArgumentException(
          "it is for %s, and this process runs %s".formatted(prompt.getModelId(), model.id()));
    }
    ClassHead unbiased = new ClassHead(prompt.getClassFeatures(), prompt.getLogitScale());
    ClassHead zeroShot = new ClassHead(prompt.getZeroShotFeatures(), model.logitScale());
    int classes = prompt.getClasses().size();
    if (classes == 0
        || !fits(unbiased, classes, model.featureSize())
        || !fits(zeroShot, classes, model.featureSize())) {
      throw new IllegalArgumentException(
          "its class features do not fit %d classes and features of %d numbers"
              .formatted(classes, model.featureSize()));
    }
    return new LivePrompt(
        task,
        prompt.getVersion(),
        prompt.getDigest(),
        List.copyOf(prompt.getClasses()),
        Prefix.of(prompt, model),
        unbiased.withBias(Prompt.bias(prompt)),
        zeroShot);
  }

  private static boolean fits(ClassHead head, int classes, int featureSize) {
    return head.classes() == classes && head.featureSize() == featureSize;
  }
}
