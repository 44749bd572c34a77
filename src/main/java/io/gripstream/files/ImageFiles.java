package io.gripstream.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The image files of a folder or a zip archive. Only names are held in memory; a file's bytes are
 * read when they are asked for, and never more of them than the limit, whatever an archive claims
 * or hides.
 */
public final class ImageFiles implements AutoCloseable {
  private static final Set<String> EXTENSIONS =
      Set.of("jpg", "jpeg", "jfif", "png", "gif", "bmp", "webp", "tif", "tiff");

  private final Path folder;
  private final ZipFile archive;
  private final List<String> names;
  private final List<String> linkedFolders;
  private final List<String> otherFiles;

  private ImageFiles(
      Path folder,
      ZipFile archive,
      List<String> names,
      List<String> linkedFolders,
      List<String> otherFiles) {
    this.folder = folder;
    this.archive = archive;
    this.names = names;
    this.linkedFolders = linkedFolders;
    this.otherFiles = otherFiles;
  }

  /**
   * Lists the images, in order of their names.
   *
   * @param prefix what a relative path must begin with; empty: any
   * @throws ImageFilesException when the source is neither a folder nor a zip archive, or has no
   *     images
   */
  public static ImageFiles open(Path source, String prefix) {
    ImageFiles files;
    try {
      if (Files.isDirectory(source)) {
        files = list(source, prefix);
      } else if (Files.isRegularFile(source)) {
        ZipFile archive = new ZipFile(source.toFile());
        files = list(archive, prefix);
      } else {
        throw new ImageFilesException("there is no folder or zip archive " + source);
      }
    } catch (IOException e) {
      throw new ImageFilesException(source + " is neither a folder nor a zip archive", e);
    }
    if (files.names.isEmpty()) {
      files.close();
      throw new ImageFilesException(
          "no images (%s) in %s%s%s"
              .formatted(
                  String.join(", ", EXTENSIONS.stream().sorted().toList()),
                  source,
                  prefix.isEmpty() ? "" : " under " + prefix,
                  files.linkedFolders.isEmpty()
                      ? ""
                      : "; links to folders are not followed: "
                          + String.join(", ", files.linkedFolders)));
    }
    return files;
  }

  private static ImageFiles list(Path folder, String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    List<String> linked = new ArrayList<>();
    List<String> others = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
        String name = folder.relativize(path).toString().replace('\\', '/');
        if (Files.isRegularFile(path)) {
          if (name.startsWith(prefix)) {
            (isImage(name) ? names : others).add(name);
          }
        } else if (!name.isEmpty() && Files.isSymbolicLink(path) && Files.isDirectory(path)) {
          linked.add(name);
        }
      }
    }
    return new ImageFiles(folder, null, sorted(names), List.copyOf(linked), visible(others));
  }

  private static ImageFiles list(ZipFile archive, String prefix) {
    Map<Boolean, List<String>> names =
        archive.stream()
            .filter(entry -> !entry.isDirectory())
            .map(ZipEntry::getName)
            .filter(name -> name.startsWith(prefix))
            .distinct()
            .collect(Collectors.partitioningBy(ImageFiles::isImage));
    return new ImageFiles(
        null, archive, sorted(names.get(true)), List.of(), visible(names.get(false)));
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().sorted().toList();
  }

  /** Without what systems keep beside images, which nobody misses. */
  private static List<String> visible(List<String> names) {
    return names.stream()
        .filter(name -> !name.startsWith("__MACOSX/"))
        .filter(name -> !name.startsWith(".") && !name.contains("/."))
        .sorted()
        .toList();
  }

  private static boolean isImage(String name) {
    String file = name.substring(name.lastIndexOf('/') + 1);
    int dot = file.lastIndexOf('.');
    // macOS keeps what other file systems cannot hold of a.png in ._a.png.
    return dot > 0
        && !name.startsWith("__MACOSX/")
        && !file.startsWith("._")
        && EXTENSIONS.contains(file.substring(dot + 1).toLowerCase(Locale.ROOT));
  }

  /** Relative paths, sorted. */
  public List<String> names() {
    return names;
  }

  /** Folders that are links, and are therefore not looked into; relative paths, sorted. */
  public List<String> linkedFolders() {
    return linkedFolders;
  }

  /** Files whose names do not end as an image's, but for hidden ones; relative paths, sorted. */
  public List<String> otherFiles() {
    return otherFiles;
  }

  /**
   * The same in an order that mixes the folders: a stream sorted by class is one that no camera
   * makes.
   */
  public List<String> shuffled(long seed) {
    List<String> shuffled = new ArrayList<>(names);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled;
  }

  /**
   * The name of the folder that a file lies in directly, {@linkplain #composed composed}; null at
   * the top.
   */
  public static String folderOf(String name) {
    String[] parts = name.split("/");
    return parts.length < 2 ? null : composed(parts[parts.length - 2]);
  }

  /** A name in Unicode's composed form (NFC): macOS decomposes what people type. */
  public static String composed(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFC);
  }

  /**
   * Reads one file.
   *
   * @return its bytes; null when there are more than {@code limit}
   */
  public byte[] read(String name, int limit) throws IOException {
    try (InputStream in =
        archive == null
            ? Files.newInputStream(folder.resolve(name))
            : archive.getInputStream(archive.getEntry(name))) {
      byte[] bytes = in.readNBytes(limit + 1);
      return bytes.length > limit ? null : bytes;
    }
  }

  @Override
  public void close() {
    if (archive != null) {
      try {
        archive.close();
      } catch (IOException e) {
        throw new ImageFilesException("the archive cannot be closed", e);
      }
    }
  }
}
