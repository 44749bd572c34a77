package io.gripstream.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What other clients of a hub have fetched on this machine; only read.
 *
 * <pre>
 * models--OWNER--NAME/refs/main              the commit that a revision stood for
 * models--OWNER--NAME/refs/refs/pr/66
 * models--OWNER--NAME/snapshots/COMMIT/FILE  links to
 * models--OWNER--NAME/blobs/DIGEST           of large files, their SHA-256
 * </pre>
 *
 * @param folder may be absent
 */
record SharedCache(Path folder) {
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final String PULLS = "refs/pr/";

  /**
   * A file of it.
   *
   * @param path the file itself, no link
   */
  record Found(Path path, String commit) {}

  /** The file of a revision, if it is there. */
  Optional<Found> find(HubModel model, String revision, String fileName) throws IOException {
    Optional<String> commit = commit(model, revision);
    if (commit.isEmpty()) {
      return Optional.empty();
    }
    Path file = of(model).resolve("snapshots").resolve(commit.get()).resolve(fileName);
    // A link whose blob was deleted is no file.
    return Files.isRegularFile(file)
        ? Optional.of(new Found(file.toRealPath(), commit.get()))
        : Optional.empty();
  }

  /** Whether there is anything of a model. */
  boolean has(HubModel model) {
    return Files.isDirectory(of(model).resolve("snapshots"));
  }

  /** The pull requests of a model that have weights here. */
  List<String> pulls(HubModel model) throws IOException {
    Path pulls = of(model).resolve("refs").resolve(PULLS);
    if (!Files.isDirectory(pulls)) {
      return List.of();
    }
    try (Stream<Path> refs = Files.list(pulls)) {
      return refs.map(ref -> PULLS + ref.getFileName()).sorted().toList();
    }
  }

  static boolean isPull(String revision) {
    return revision.startsWith(PULLS);
  }

  private Optional<String> commit(HubModel model, String revision) throws IOException {
    if (COMMIT.matcher(revision).matches()) {
      return Optional.of(revision);
    }
    Path ref = of(model).resolve("refs").resolve(revision);
    return Files.isRegularFile(ref)
        ? Optional.of(Files.readString(ref).strip()).filter(text -> COMMIT.matcher(text).matches())
        : Optional.empty();
  }

  private Path of(HubModel model) {
    return folder.resolve("models--" + model.owner() + "--" + model.name());
  }
}
