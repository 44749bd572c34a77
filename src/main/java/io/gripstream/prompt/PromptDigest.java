package io.gripstream.prompt;

import io.gripstream.clip.Digests;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The identity of a prompt by content: SHA-256 over the model id, the classes in order, the tuned
 * tensors in order of name, the class features, and the bias as a tensor {@code [C]}. An empty bias
 * adds nothing, so that a prompt without one keeps the digest that it had before prompts could have
 * one. Strings are UTF-8 behind their length, lengths and extents are 32-bit big-endian, a tensor
 * is the number of its extents, these, and its values as the contract carries them.
 */
public final class PromptDigest {
  private PromptDigest() {}

  /** In lower-case hexadecimal. Who trained it when, and on what evidence, makes no difference. */
  public static String of(PromptVersion version) {
    MessageDigest digest = Digests.sha256();
    text(digest, version.getModelId());
    number(digest, version.getClasses().size());
    version.getClasses().forEach(name -> text(digest, name));
    number(digest, version.getTensors().size());
    for (Map.Entry<String, Tensor> tensor : new TreeMap<>(version.getTensors()).entrySet()) {
      text(digest, tensor.getKey());
      tensor(digest, tensor.getValue());
    }
    tensor(digest, version.getClassFeatures());
    if (!version.getBias().isEmpty()) {
      float[] bias = Prompt.bias(version);
      tensor(digest, Tensors.encode(new FloatTensor(new int[] {bias.length}, bias)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void tensor(MessageDigest digest, Tensor tensor) {
    number(digest, tensor.getShape().size());
    tensor.getShape().forEach(extent -> number(digest, extent));
    digest.update(tensor.getData().duplicate());
  }

  private static void text(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(digest, bytes.length);
    digest.update(bytes);
  }

  private static void number(MessageDigest digest, int number) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, number));
  }
}
