package io.gripstream.workshop.experiment;

import io.gripstream.clip.Digests;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A digest of the compiled code that an experiment's figures come from: a cell that other code
 * finished is not taken for this code's.
 */
final class CodeDigest {
  private static final Pattern PART =
      Pattern.compile(
          "io/gripstream/(clip|prompt|refine|event|experiment)/[^/]+\\.class|torchscript/[^/]+");

  private CodeDigest() {}

  /** In hexadecimal, shortened. */
  static String of() throws IOException {
    CodeSource source = CodeDigest.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      throw new IOException("this Java does not tell where the code is");
    }
    try {
      Path place = Path.of(source.getLocation().toURI());
      if (Files.isDirectory(place)) {
        return digest(place);
      }
      try (FileSystem archive = FileSystems.newFileSystem(place)) {
        return digest(archive.getPath("/"));
      }
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new IOException("the code lies at no path: " + source.getLocation(), e);
    }
  }

  private static String digest(Path root) throws IOException {
    List<Path> parts;
    try (Stream<Path> walk = Files.walk(root)) {
      parts = walk.filter(path -> PART.matcher(name(root, path)).matches()).sorted().toList();
    }
    MessageDigest digest = Digests.sha256();
    for (Path part : parts) {
      digest.update(name(root, part).getBytes(StandardCharsets.UTF_8));
      digest.update(Digests.sha256().digest(Files.readAllBytes(part)));
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  private static String name(Path root, Path path) {
    return root.relativize(path).toString().replace('\\', '/');
  }
}
