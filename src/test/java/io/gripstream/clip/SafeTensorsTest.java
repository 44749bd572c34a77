package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
  private static final int DATA = 24;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("model.safetensors");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16"})
  void whatIsWrittenIsReadAgain(SafeTensors.Type type) throws IOException {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("a.weight", FloatTensor.matrix(2, 3, new float[] {1, -2, 0.5f, 0, 65504, 0.25f}));
    tensors.put("scale", new FloatTensor(new int[0], new float[] {3}));
    tensors.put("none", new FloatTensor(new int[] {0, 4}, new float[0]));
    SafeTensors.write(file, tensors, type);

    SafeTensors read = SafeTensors.map(file);
    assertThat(read.names()).containsExactly("a.weight", "scale", "none");
    assertThat(read.get("a.weight", 2, 3).floats()).containsExactly(1, -2, 0.5f, 0, 65504, 0.25f);
    assertThat(read.get("a.weight", 2, 3).type()).isEqualTo(type);
    assertThat(read.get("scale").floats()).containsExactly(3);
    assertThat(read.get("none", 0, 4).floats()).isEmpty();
  }

  @Test
  void aTensorInNumbersThatAreNotReadIsNamedWithThem() throws IOException {
    String header = "{\"x\": {\"dtype\": \"F8_E4M3\", \"shape\": [1], \"data_offsets\": [0, 1]}}";
    ByteBuffer bytes = ByteBuffer.allocate(9 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.UTF_8));
    Path other = Files.write(folder.resolve("f8.safetensors"), bytes.array());

    assertThatThrownBy(() -> SafeTensors.map(other).get("x", 1))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("x is stored as F8_E4M3");
  }

  @Test
  void tensorsBeginOnABorderOfEightBytes() throws IOException {
    SafeTensors.write(
        file, Map.of("x", FloatTensor.matrix(1, 1, new float[] {1})), SafeTensors.Type.F32);
    assertThat(Files.size(file) - Float.BYTES).matches(start -> start % 8 == 0);
  }

  @Test
  void bfloat16AndMetadataAreUnderstoodAndOtherTypesPassedOver() throws IOException {
    write(
        """
        {"__metadata__": {"format": "pt"},
         "b": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
         "q": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]}}\
        """,
        new byte[] {(byte) 0x80, 0x3f, 0, (byte) 0xc0, 1, 2, 3, 4});
    SafeTensors read = SafeTensors.map(file);
    assertThat(read.names()).containsExactly("b");
    assertThat(read.get("b", 2).floats()).containsExactly(1, -2);
  }

  @Test
  void aTensorThatIsMissingOrOfAnotherShapeIsRefused() throws IOException {
    SafeTensors.write(
        file, Map.of("x", FloatTensor.matrix(1, 2, new float[2])), SafeTensors.Type.F32);
    SafeTensors read = SafeTensors.map(file);
    assertThatThrownBy(() -> read.get("y", 1, 2))
        .isInstanceOf(IOException.class)
        .hasMessage("the weights have no tensor y");
    assertThatThrownBy(() -> read.get("x", 2, 1))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("x is [1, 2] where the configuration asks for [2, 1]");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 62, Long.MAX_VALUE, -1, Long.MIN_VALUE, 0, 1, 11, 100_000_001})
  void aHeaderLengthThatTheFileCannotHaveIsRefused(long length) throws IOException {
    Files.write(file, bytes(length, "{}        ", new byte[0]));
    assertRefused("its header would be " + length + " bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 60})
  void aTruncatedFileIsRefused(int length) throws IOException {
    byte[] whole = bytes(tensor("F32", "[6]", "[0, 24]"));
    Files.write(file, Arrays.copyOf(whole, length));
    assertRefused("is no safetensors file");
  }

  @Test
  void aFileThatEndsWithinATensorIsRefused() throws IOException {
    byte[] whole = bytes(tensor("F32", "[6]", "[0, 24]"));
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertRefused("tensor x of 24 bytes claims bytes 0 to 24 of 23");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nonsense", "{\"x\": ", "null", "[]", "  ", "77", "\"x\"", "\u0000\u0000"})
  void aHeaderThatIsNoJsonObjectIsRefused(String header) throws IOException {
    Files.write(file, bytes(header));
    assertRefused("its header is no JSON");
  }

  @Test
  void aHeaderNestedTooDeeplyIsRefused() throws IOException {
    Files.write(file, bytes("{\"x\":" + "[".repeat(100_000)));
    assertRefused("its header is no JSON");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[6] | [0, 20]",
        "[5] | [0, 24]",
        "[6] | [4, 28]",
        "[6] | [-4, 20]",
        "[6] | [24, 0]",
        "[6] | [0]",
        "[6] | null",
        "[6] | \"0, 24\"",
        "[6] | [0.5, 24.5]",
        "[6] | [\"0\", \"24\"]",
        "[6] | [18446744073709551616, 18446744073709551640]",
        // Whose difference wraps around to 24 and to 4.
        "[6] | [9223372036854775807, -9223372036854775785]",
        "[1] | [9223372036854775807, -9223372036854775805]",
        "[6] | [4611686018427387904, 4611686018427387928]",
      })
  void offsetsThatDoNotFitShapeAndFileAreRefused(String shape, String offsets) throws IOException {
    Files.write(file, bytes(tensor("F32", shape, offsets)));
    assertRefused("tensor x of");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[-6]",
        "[1.5]",
        "[null]",
        "[[6]]",
        "[\"6\"]",
        "[2147483648]",
        "[18446744073709551622]",
        "[1e300]"
      })
  void anExtentThatIsNoneIsRefused(String shape) throws IOException {
    Files.write(file, bytes(tensor("F32", shape, "[0, 24]")));
    assertRefused("tensor x has an extent");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[2147483647, 2147483647, 2147483647]",
        // The product is 2^64, which wraps around to 0.
        "[65536, 65536, 65536, 16384]",
        "[536870912]"
      })
  void extentsWhoseProductOverflowsAreRefused(String shape) throws IOException {
    Files.write(file, bytes(tensor("F32", shape, "[0, 0]")));
    assertRefused("is larger than 2 GiB");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "6", "\"6\"", "{\"a\": 6}"})
  void aShapeThatIsNoListIsRefused(String shape) throws IOException {
    Files.write(file, bytes(tensor("F32", shape, "[0, 4]")));
    assertRefused("tensor x has no shape");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> SafeTensors.map(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }

  private static String tensor(String type, String shape, String offsets) {
    return "{\"x\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": %s}}"
        .formatted(type, shape, offsets);
  }

  private void write(String header, byte[] data) throws IOException {
    Files.write(file, bytes(header.getBytes(StandardCharsets.UTF_8).length, header, data));
  }

  private static byte[] bytes(String header) {
    return bytes(header.getBytes(StandardCharsets.UTF_8).length, header, new byte[DATA]);
  }

  private static byte[] bytes(long length, String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(text)
        .put(data)
        .array();
  }
}
