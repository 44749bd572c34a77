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
   * @param prompt one that {@link io.gripstream.prompt.PromptCheck} finds no fault with
   * @throws IllegalArgumentException when its prefix is missing or does not fit the model; the
   *     message says how
   */
  static LivePrompt of(String task, PromptVersion prompt, ClipModel model) {
    return new LivePrompt(
        task,
        prompt.getVersion(),
        prompt.getDigest(),
        List.copyOf(prompt.getClasses()),
        Prefix.of(prompt, model),
        new ClassHead(prompt.getClassFeatures(), prompt.getLogitScale())
            .withBias(Prompt.bias(prompt)),
        new ClassHead(prompt.getZeroShotFeatures(), model.logitScale()));
  }
}
