package io.gripstream.clip;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript program, compiled by the engine from a source file on the class path.
 *
 * <p>A TorchScript archive is a zip that holds source text and a pickled object. This class writes
 * one around the source in memory, so that the arithmetic stays a file that people can read.
 * Thread-safe.
 */
final class TorchScript implements AutoCloseable {
  private static final String ROOT = "program/";
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private final NDManager manager;
  private final PtSymbolBlock block;

  /**
   * @param resource the source, with one class that is named {@code module}
   * @param constants values of the {@code @name@} marks in it
   */
  TorchScript(String resource, String module, Map<String, Object> constants, Device device) {
    String source = read(resource);
    for (Map.Entry<String, Object> constant : constants.entrySet()) {
      source = source.replace("@" + constant.getKey() + "@", literal(constant.getValue()));
    }
    manager = Engine.getEngine("PyTorch").newBaseManager(device);
    try {
      block =
          JniUtils.loadModule(
              (PtNDManager) manager,
              new ByteArrayInputStream(archive(source, module)),
              false,
              false);
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException("cannot load " + resource, e);
    }
  }

  /**
   * Calls a method of the program.
   *
   * @param lists the arguments, each a list of tensors whose members bear the list's name (see
   *     {@link #named})
   * @param gradients whether the method differentiates; without, it runs in inference mode
   * @return the results, which belong to {@code scope}
   */
  NDList call(String method, boolean gradients, NDManager scope, NDArray[]... lists) {
    NDList arguments = new NDList();
    for (NDArray[] list : lists) {
      for (NDArray tensor : list) {
        arguments.add(tensor);
      }
    }
    try (NDManager call = scope.newSubManager()) {
      NDArray name = call.create(0);
      name.setName("module_method:" + method);
      arguments.add(name);
      // Thread-local settings of the engine: eager order of operations makes every run give the
      // same bits.
      JniUtils.setGraphExecutorOptimize(false);
      JniUtils.setGradMode(gradients);
      NDList results = IValueUtils.forward(block, arguments, gradients);
      results.attach(scope);
      return results;
    }
  }

  /** Names tensors as members of one list argument; a tensor is in one list at a time. */
  static NDArray[] named(String list, NDArray... tensors) {
    for (NDArray tensor : tensors) {
      tensor.setName(list + "[]");
    }
    return tensors;
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }

  private static String literal(Object value) {
    return value instanceof Boolean truth ? (truth ? "True" : "False") : String.valueOf(value);
  }

  private static String read(String resource) {
    try (InputStream in = TorchScript.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no " + resource + " on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] archive(String source, String module) throws IOException {
    // An instance of the module without attributes, pickled by protocol 2.
    byte[] object =
        ("\u0080\u0002c__torch__\n" + module + "\n)\u0081}b.")
            .getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "data.pkl", object);
      store(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, "constants.pkl", NO_CONSTANTS);
      store(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(ROOT + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
