package io.gripstream.prompt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.SafeTensors;
import io.gripstream.event.PromptVersion;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A prompt version as a safetensors file, all in F32:
 *
 * <pre>
 * class_features      [C, D]  one row a class
 * zero_shot_features  [C, D]  what version 0 says
 * scale               []      multiplies the similarities as it is; CLIP's own logit_scale is its logarithm
 * bias                [C]     added to the logits, in nats
 * ctx                 [M, W]  vectors before the class, as CoOp has them; [C, M, W]: one set for each class
 * prefix              [V, W]  vectors behind the image's class token
 * fusion.*                    what makes both in a multimodal prompt
 * </pre>
 *
 * The last three are there where the prompt has them. The metadata say what the file is.
 */
public final class PromptFile {
  private static final String CTX = "ctx";

  private PromptFile() {}

  /**
   * @param version without {@link PromptCheck#fault}
   * @param out the caller's to close
   */
  public static void write(PromptVersion version, OutputStream out) throws IOException {
    float[] bias = Prompt.bias(version);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("class_features", Tensors.decode(version.getClassFeatures()));
    tensors.put("zero_shot_features", Tensors.decode(version.getZeroShotFeatures()));
    tensors.put("scale", new FloatTensor(new int[0], new float[] {version.getLogitScale()}));
    tensors.put("bias", new FloatTensor(new int[] {bias.length}, bias));
    new TreeMap<>(version.getTensors())
        .forEach(
            (name, tensor) -> {
              boolean context = name.equals(TextPrompt.CONTEXT);
              FloatTensor values = Tensors.decode(tensor);
              // No strategy's tensors have the names above.
              tensors.putIfAbsent(context ? CTX : name, context ? shared(values) : values);
            });
    SafeTensors.write(out, metadata(version), tensors, SafeTensors.Type.F32);
  }

  /** One context for all classes has no axis for them in CoOp. */
  private static FloatTensor shared(FloatTensor context) {
    int[] shape = context.shape();
    return shape.length == 3 && shape[0] == 1
        ? new FloatTensor(Arrays.copyOfRange(shape, 1, 3), context.values())
        : context;
  }

  private static Map<String, String> metadata(PromptVersion version)
      throws JsonProcessingException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("task", version.getTask());
    texts.put("version", String.valueOf(version.getVersion()));
    texts.put("digest", version.getDigest());
    texts.put("model_id", version.getModelId());
    texts.put("modality", version.getModality().name());
    texts.put("made_by", version.getMadeBy() == null ? "ZERO_SHOT" : version.getMadeBy().name());
    texts.put("template", version.getTemplate());
    texts.put("classes", new ObjectMapper().writeValueAsString(version.getClasses()));
    return texts;
  }
}
