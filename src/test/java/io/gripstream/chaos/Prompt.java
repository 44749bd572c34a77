package io.gripstream.chaos;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.generic.GenericRecord;

/**
 * A prompt as the schema of {@code PromptVersion} explains it to anybody: {@code softmax(logitScale
 * * classFeatures . feature + bias)}.
 *
 * @param features {@code [C, D]}, row-major
 * @param bias {@code [C]}
 */
record Prompt(List<String> classes, float[] features, float logitScale, float[] bias) {
  static Prompt of(GenericRecord version) {
    List<String> classes =
        ((List<?>) version.get("classes")).stream().map(String::valueOf).toList();
    ByteBuffer data = (ByteBuffer) ((GenericRecord) version.get("classFeatures")).get("data");
    FloatBuffer values = data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] features = new float[values.remaining()];
    values.get(features);
    float[] bias = new float[classes.size()];
    List<?> given = (List<?>) version.get("bias");
    for (int c = 0; c < given.size(); c++) {
      bias[c] = (float) given.get(c);
    }
    return new Prompt(classes, features, (float) version.get("logitScale"), bias);
  }

  /**
   * @param feature {@code [D]}
   * @return {@code [C]}
   */
  double[] probabilities(double[] feature) {
    double[] logits = new double[classes.size()];
    for (int c = 0; c < logits.length; c++) {
      double product = 0;
      for (int d = 0; d < feature.length; d++) {
        product += features[c * feature.length + d] * feature[d];
      }
      logits[c] = logitScale * product + bias[c];
    }
    double highest = Arrays.stream(logits).max().orElseThrow();
    double[] powers = Arrays.stream(logits).map(logit -> Math.exp(logit - highest)).toArray();
    double sum = Arrays.stream(powers).sum();
    return Arrays.stream(powers).map(power -> power / sum).toArray();
  }

  /** Reads finite numbers of IEEE 754 binary16, little-endian. */
  static double[] halves(ByteBuffer bytes) {
    ByteBuffer buffer = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[buffer.remaining() / Short.BYTES];
    for (int i = 0; i < values.length; i++) {
      int bits = buffer.getShort() & 0xffff;
      int exponent = bits >> 10 & 0x1f;
      int fraction = bits & 0x3ff;
      double size =
          exponent == 0
              ? Math.scalb((double) fraction, -24)
              : Math.scalb(1024.0 + fraction, exponent - 25);
      values[i] = bits >> 15 == 0 ? size : -size;
    }
    return values;
  }
}
