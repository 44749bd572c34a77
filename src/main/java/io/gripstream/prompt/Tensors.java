package io.gripstream.prompt;

import io.gripstream.clip.FloatTensor;
import io.gripstream.event.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Tensors as the contract carries them: binary32, little-endian, row-major. */
public final class Tensors {
  private Tensors() {}

  public static Tensor encode(FloatTensor tensor) {
    ByteBuffer data =
        ByteBuffer.allocate(tensor.values().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(tensor.values());
    List<Integer> shape = new ArrayList<>();
    for (int extent : tensor.shape()) {
      shape.add(extent);
    }
    return new Tensor(shape, data);
  }

  /**
   * @throws IllegalArgumentException when shape and data disagree
   */
  public static FloatTensor decode(Tensor tensor) {
    ByteBuffer data = tensor.getData().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (data.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException(data.remaining() + " bytes are no whole number of floats");
    }
    float[] values = new float[data.remaining() / Float.BYTES];
    data.asFloatBuffer().get(values);
    return new FloatTensor(
        tensor.getShape().stream().mapToInt(Integer::intValue).toArray(), values);
  }
}
