package io.gripstream.wiring;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Where a model's files are.
 *
 * @param path holds them in the Hugging Face layout
 * @param name what the model is called
 */
record ModelFolder(Path path, String name) {
  private static final String EMBEDDED = "pico";
  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  /**
   * The folder that the configuration names; the embedded model is unpacked first, because weights
   * are read by mapping a file.
   *
   * @param model {@code pico} or a folder
   * @param dataDirectory where to unpack
   * @throws IOException when there is no such folder, or nothing can be written
   */
  static ModelFolder of(String model, Path dataDirectory) throws IOException {
    if (model.equals(EMBEDDED)) {
      return new ModelFolder(unpack(dataDirectory.resolve("models")), EMBEDDED);
    }
    Path folder = Path.of(model).toAbsolutePath().normalize();
    if (!Files.isDirectory(folder)) {
      throw new FileNotFoundException(folder + " is no folder, and " + model + " is not embedded");
    }
    return new ModelFolder(folder, folder.getFileName().toString());
  }

  /**
   * Into a folder named after what is in the files, so that another version's model stays another.
   */
  private static Path unpack(Path models) throws IOException {
    Path folder = models.resolve(EMBEDDED + "-" + digest());
    Files.createDirectories(folder);
    for (String file : FILES) {
      Path target = folder.resolve(file);
      if (Files.exists(target)) {
        continue;
      }
      // Several processes may unpack at once, and any may be killed: a file is there whole or not
      // at all.
      Path part = Files.createTempFile(folder, file, ".part");
      try (InputStream in = open(file);
          OutputStream out = Files.newOutputStream(part)) {
        in.transferTo(out);
      }
      try {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return folder;
  }

  private static String digest() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String file : FILES) {
        try (InputStream in = new DigestInputStream(open(file), digest)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static InputStream open(String file) throws IOException {
    String resource = "/models/" + EMBEDDED + "/" + file;
    InputStream in = ModelFolder.class.getResourceAsStream(resource);
    if (in == null) {
      throw new FileNotFoundException("this build has no embedded model: " + resource);
    }
    return in;
  }
}
