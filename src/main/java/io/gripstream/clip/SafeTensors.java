package io.gripstream.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A safetensors file, memory-mapped: an 8-byte little-endian header length, a JSON header that
 * gives each tensor's type, shape and place, and the tensors. See the format's description at
 * github.com/huggingface/safetensors.
 */
public final class SafeTensors {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long LARGEST_HEADER = 100_000_000;
  private static final int WRITE_BUFFER = 1 << 20;

  /** Where the header has texts instead of a tensor. */
  private static final String METADATA = "__metadata__";

  /** How numbers are stored. */
  public enum Type {
    F32(4),
    F16(2),
    BF16(2),
    I64(8);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * One tensor in the file.
   *
   * @param data read-only, little-endian, backed by the mapping
   */
  public record Entry(Type type, long[] shape, ByteBuffer data) {
    /** The values, converted to {@code float}. */
    public float[] floats() {
      ByteBuffer from = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      float[] values = new float[data.remaining() / type.bytes];
      switch (type) {
        case F32 -> from.asFloatBuffer().get(values);
        case F16 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = Float16.toFloat(from.getShort());
          }
        }
        case BF16 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(from.getShort() << 16);
          }
        }
        default -> throw new IllegalStateException(type + " are no floats");
      }
      return values;
    }
  }

  private final Map<String, Entry> entries;
  private final Map<String, String> unreadable;

  private SafeTensors(Map<String, Entry> entries, Map<String, String> unreadable) {
    this.entries = entries;
    this.unreadable = unreadable;
  }

  /**
   * Several files as one.
   *
   * @throws IOException when two have a tensor of one name
   */
  static SafeTensors joined(List<SafeTensors> files) throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, String> unreadable = new LinkedHashMap<>();
    for (SafeTensors file : files) {
      for (Map.Entry<String, Entry> entry : file.entries.entrySet()) {
        if (entries.put(entry.getKey(), entry.getValue()) != null) {
          throw new IOException("two parts of the weights have a tensor " + entry.getKey());
        }
      }
      unreadable.putAll(file.unreadable);
    }
    return new SafeTensors(entries, unreadable);
  }

  /**
   * Maps a file. The mapping lives as long as any entry's data.
   *
   * @throws IOException when it is no safetensors file, or one whose header and size disagree
   */
  public static SafeTensors map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      ByteBuffer lead = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(lead, 0);
      if (new String(lead.array(), StandardCharsets.US_ASCII).equals("version ") && size < 1024) {
        throw new IOException(
            file
                + " is a Git LFS pointer and not the weights; run 'git lfs pull' where it was cloned");
      }
      long headerLength = lead.position() < 8 ? -1 : lead.getLong(0);
      if (headerLength < 2 || headerLength > LARGEST_HEADER || headerLength > size - 8) {
        throw new IOException(
            file + " is no safetensors file: its header would be " + headerLength + " bytes");
      }
      ByteBuffer header = ByteBuffer.allocate((int) headerLength);
      while (header.hasRemaining() && channel.read(header, 8 + header.position()) >= 0) {}
      JsonNode json = object(file, header.array());
      Map<String, Entry> entries = new LinkedHashMap<>();
      Map<String, String> unreadable = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field :
          (Iterable<Map.Entry<String, JsonNode>>) json::fields) {
        String name = field.getKey();
        if (name.equals(METADATA)) {
          continue;
        }
        if (known(field.getValue())) {
          entries.put(name, entry(file, channel, 8 + headerLength, size, name, field.getValue()));
        } else {
          unreadable.put(name, field.getValue().path("dtype").asText());
        }
      }
      return new SafeTensors(entries, unreadable);
    }
  }

  public Set<String> names() {
    return entries.keySet();
  }

  /**
   * @throws IOException when there is no such tensor that can be read, or its shape is another
   */
  public Entry get(String name, long... shape) throws IOException {
    Entry entry = entries.get(name);
    if (entry == null && unreadable.containsKey(name)) {
      throw new IOException(
          "tensor %s is stored as %s, and only F32, F16 and BF16 are supported"
              .formatted(name, unreadable.get(name)));
    }
    if (entry == null) {
      throw new IOException("the weights have no tensor " + name);
    }
    if (!Arrays.equals(entry.shape(), shape)) {
      throw new IOException(
          "tensor %s is %s where the configuration asks for %s"
              .formatted(name, Arrays.toString(entry.shape()), Arrays.toString(shape)));
    }
    return entry;
  }

  /** Gives a tensor's values one after the other, row-major. */
  @FunctionalInterface
  public interface Values {
    float next();
  }

  /** Writes tensors in {@code type}, which is {@code F32} or {@code F16}. */
  public static void write(Path file, Map<String, FloatTensor> tensors, Type type)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      write(out, Map.of(), tensors, type);
    }
  }

  /**
   * Writes tensors, and what is to be known of them.
   *
   * @param out the caller's to close
   * @param metadata texts by name; empty: none
   * @param type {@code F32} or {@code F16}
   */
  public static void write(
      OutputStream out, Map<String, String> metadata, Map<String, FloatTensor> tensors, Type type)
      throws IOException {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> shapes.put(name, Arrays.stream(tensor.shape()).asLongStream().toArray()));
    write(
        out,
        metadata,
        shapes,
        type,
        name -> {
          PrimitiveIterator.OfDouble all =
              IntStream.range(0, tensors.get(name).values().length)
                  .mapToDouble(i -> tensors.get(name).values()[i])
                  .iterator();
          return () -> (float) all.nextDouble();
        });
  }

  /**
   * Writes tensors of any size without holding them: only a small buffer is on the heap.
   *
   * @param shapes by name, in the order of the file
   * @param type {@code F32} or {@code F16}
   * @param values asked for each tensor by its name, in that order
   */
  public static void write(
      Path file, Map<String, long[]> shapes, Type type, Function<String, Values> values)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      write(out, Map.of(), shapes, type, values);
    }
  }

  private static void write(
      OutputStream out,
      Map<String, String> metadata,
      Map<String, long[]> shapes,
      Type type,
      Function<String, Values> values)
      throws IOException {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(METADATA);
      metadata.forEach(texts::put);
    }
    long at = 0;
    for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", type.name());
      Arrays.stream(tensor.getValue()).forEach(entry.putArray("shape")::add);
      long end = Math.addExact(at, Math.multiplyExact(count(tensor.getValue()), type.bytes));
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    // Tensors begin on an 8-byte border, as readers expect: the header is padded with spaces.
    byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
    Arrays.fill(padded, text.length, padded.length, (byte) ' ');
    ByteBuffer buffer = ByteBuffer.allocate(WRITE_BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    out.write(buffer.putLong(padded.length).array(), 0, buffer.position());
    out.write(padded);
    buffer.clear();
    for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
      Values source = values.apply(tensor.getKey());
      for (long left = count(tensor.getValue()); left > 0; left--) {
        if (buffer.remaining() < type.bytes) {
          out.write(buffer.array(), 0, buffer.position());
          buffer.clear();
        }
        if (type == Type.F16) {
          buffer.putShort(Float16.toBits(source.next()));
        } else {
          buffer.putFloat(source.next());
        }
      }
    }
    out.write(buffer.array(), 0, buffer.position());
  }

  private static long count(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  private static JsonNode object(Path file, byte[] header) throws IOException {
    try {
      JsonNode json = JSON.readTree(new String(header, StandardCharsets.UTF_8));
      if (json.isObject()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + " is no safetensors file: its header is no JSON: " + e.getOriginalMessage(), e);
    }
    throw new IOException(file + " is no safetensors file: its header is no JSON object");
  }

  private static boolean known(JsonNode entry) {
    return Arrays.stream(Type.values())
        .anyMatch(type -> type.name().equals(entry.path("dtype").asText()));
  }

  private static Entry entry(
      Path file, FileChannel channel, long start, long size, String name, JsonNode json)
      throws IOException {
    Type type = Type.valueOf(json.path("dtype").asText());
    JsonNode extents = json.path("shape");
    if (!extents.isArray()) {
      throw new IOException(file + ": tensor " + name + " has no shape");
    }
    long[] shape = new long[extents.size()];
    long bytes = type.bytes;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = natural(extents.get(i));
      if (shape[i] < 0 || shape[i] > Integer.MAX_VALUE) {
        throw new IOException(file + ": tensor " + name + " has an extent " + extents.get(i));
      }
      bytes *= shape[i];
      // Also keeps the next product within a long: both factors are below 2^31.
      if (bytes > Integer.MAX_VALUE) {
        throw new IOException(
            file + ": tensor " + name + " of shape " + extents + " is larger than 2 GiB");
      }
    }
    long from = natural(json.path("data_offsets").path(0));
    long to = natural(json.path("data_offsets").path(1));
    // Neither is negative where it counts, so that their difference cannot wrap around.
    if (from < 0 || to < from || to - from != bytes || to > size - start) {
      throw new IOException(
          "%s: tensor %s of %d bytes claims bytes %d to %d of %d"
              .formatted(file, name, bytes, from, to, size - start));
    }
    return new Entry(
        type,
        shape,
        channel
            .map(FileChannel.MapMode.READ_ONLY, start + from, bytes)
            .order(ByteOrder.LITTLE_ENDIAN));
  }

  /** The number, or -1 where it is no whole one, or none that a {@code long} holds. */
  private static long natural(JsonNode json) {
    return json.isIntegralNumber() && json.canConvertToLong() ? json.asLong() : -1;
  }
}
