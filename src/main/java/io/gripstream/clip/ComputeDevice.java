package io.gripstream.clip;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Where the model runs and with how many bits the image tower computes. */
public record ComputeDevice(Device device, Precision precision) {
  private static final Logger LOG = Logger.getLogger(ComputeDevice.class);
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,4}))?");

  /** Instructions that multiply in bf16 faster than in fp32; without them it is slower. */
  private static final Pattern NATIVE_BF16 = Pattern.compile("\\b(avx512_bf16|amx_bf16)\\b");

  /** The engine asks CUDA's runtime by that name, which libtorch's archive does not have. */
  private static final String UNSEEN =
      "the engine is built for CUDA and sees %d GPUs; is there a driver (nvidia-smi), and a"
          + " libcudart.so on LD_LIBRARY_PATH? In libtorch's folder:"
          + " ln -s libcudart-*.so.12 libcudart.so";

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /** Arithmetic of the image tower. Prompts are always trained in {@code FP32}. */
  public enum Precision {
    FP32,
    BF16
  }

  /** The reference: fp32 on the processor. */
  public static ComputeDevice cpu() {
    return new ComputeDevice(Device.cpu(), Precision.FP32);
  }

  /**
   * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:n}; {@code auto} takes a
   *     GPU that the engine sees
   * @param precision {@code auto}, {@code fp32} or {@code bf16}; {@code auto} is bf16 on a GPU and
   *     on a processor that multiplies in it, and fp32 elsewhere
   * @throws IllegalArgumentException when the device is not there, a word is unknown, or the engine
   *     does not load on this machine
   */
  public static ComputeDevice of(String device, String precision) {
    requireWords(device, precision);
    Device chosen = choose(device, cards(), LOG::warn);
    return new ComputeDevice(
        chosen,
        switch (precision.toLowerCase(Locale.ROOT)) {
          case "auto" -> chosen.isGpu() || multipliesBf16() ? Precision.BF16 : Precision.FP32;
          case "fp32" -> Precision.FP32;
          default -> Precision.BF16;
        });
  }

  /**
   * Checks what {@link #of} is to be given, without loading the engine.
   *
   * @throws IllegalArgumentException when a word is unknown
   */
  public static void requireWords(String device, String precision) {
    if (!Set.of("auto", "cpu").contains(device) && !CUDA.matcher(device).matches()) {
      throw new IllegalArgumentException(
          "device " + device + " is none of auto, cpu, cuda, cuda:n");
    }
    if (!Set.of("auto", "fp32", "bf16").contains(precision.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("precision " + precision + " is none of auto, fp32, bf16");
    }
  }

  /**
   * What the engine says of GPUs.
   *
   * @param cuda whether it is built for them
   * @param count how many it sees
   */
  record Cards(boolean cuda, int count) {}

  /**
   * @param warn hears of a processor that is taken for want of a library
   */
  static Device choose(String device, Cards cards, Consumer<String> warn) {
    if (device.equals("cpu")) {
      return Device.cpu();
    }
    if (device.equals("auto")) {
      if (cards.count() > 0) {
        return Device.gpu(0);
      }
      if (cards.cuda()) {
        warn.accept("the processor is taken: " + UNSEEN.formatted(0));
      }
      return Device.cpu();
    }
    Matcher cuda = CUDA.matcher(device);
    cuda.matches();
    int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
    if (index < cards.count()) {
      return Device.gpu(index);
    }
    throw new IllegalArgumentException(
        device
            + " asked for, but "
            + (cards.cuda()
                ? UNSEEN.formatted(cards.count())
                : "the engine is built without CUDA; a GPU needs libtorch with CUDA"
                    + " (PYTORCH_LIBRARY_PATH)"));
  }

  private static Cards cards() {
    try {
      Engine engine = Engine.getEngine("PyTorch");
      return new Cards(engine.hasCapability(StandardCapabilities.CUDA), engine.getGpuCount());
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalArgumentException(
          "PyTorch does not load on %s, %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
          e);
    }
  }

  /** How many times fp32's products a device does in bf16, in words, as its makers say. */
  public static String bf16Limit(ComputeDevice device) {
    if (device.device().isGpu()) {
      return "the GPU's";
    }
    String flags = flags();
    if (flags.contains("amx_bf16")) {
      return "16 x (AMX)";
    }
    return NATIVE_BF16.matcher(flags).find() ? "2 x (AVX512-BF16)" : "below 1 x";
  }

  private static boolean multipliesBf16() {
    return NATIVE_BF16.matcher(flags()).find();
  }

  /** What the first processor can do; empty where that is not said. */
  private static String flags() {
    if (!Files.isReadable(PROCESSORS)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines.filter(line -> line.startsWith("flags")).findFirst().orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
