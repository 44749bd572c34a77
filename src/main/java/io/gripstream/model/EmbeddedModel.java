package io.gripstream.model;

import io.gripstream.clip.Digests;
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
import java.util.HexFormat;

/** The model in the jar, which is unpacked because weights are read by mapping a file. */
public final class EmbeddedModel {
  static final String NAME = "pico";

  private EmbeddedModel() {}

  /**
   * Into a folder named after what is in the files, so that another version's model stays another.
   */
  static Path unpack(Path models) throws IOException {
    Path folder = models.resolve(NAME + "-" + digest());
    Files.createDirectories(folder);
    for (ModelFile file : ModelFile.ALWAYS) {
      Path target = folder.resolve(file.fileName());
      if (Files.exists(target)) {
        continue;
      }
      // Several processes may unpack at once, and any may be killed: a file is there whole or not
      // at all.
      Path part = Files.createTempFile(folder, file.fileName(), ".part");
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

  public static InputStream open(ModelFile file) throws IOException {
    String resource = "/models/" + NAME + "/" + file.fileName();
    InputStream in = EmbeddedModel.class.getResourceAsStream(resource);
    if (in == null) {
      throw new FileNotFoundException("this build has no embedded model: " + resource);
    }
    return in;
  }

  private static String digest() throws IOException {
    MessageDigest digest = Digests.sha256();
    for (ModelFile file : ModelFile.ALWAYS) {
      try (InputStream in = new DigestInputStream(open(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 6);
  }
}
