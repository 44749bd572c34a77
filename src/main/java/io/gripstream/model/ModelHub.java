package io.gripstream.model;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.Digests;
import io.gripstream.clip.Preprocessing;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.WeightFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A hub, or a mirror of one, and the cache of what was fetched from it. Several processes may use a
 * cache at once. What is in the cache is used as it is: the hub is not asked whether a branch has
 * moved on since; to have it again, delete its folder.
 */
public final class ModelHub {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private final HubAccess access;
  private final Timeouts timeout;
  private final FetchProgress progress;

  /**
   * How long to wait.
   *
   * @param head for a connection, and then for each response's head
   * @param stall while almost nothing comes
   * @param pause before the second attempt; doubled before each further one
   */
  record Timeouts(Duration head, Duration stall, Duration pause) {
    static final Timeouts USUAL =
        new Timeouts(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(1));
  }

  /**
   * A model that is in the cache.
   *
   * @param files all of its files
   * @param sha256 the weights' ({@link WeightFiles#sha256})
   * @param id what {@link TorchClip#load} will call it
   */
  public record Fetched(
      HubModel model, Path folder, List<FetchedFile> files, String sha256, String id) {}

  /**
   * @param size in bytes
   * @param sha256 in lower-case hexadecimal
   */
  public record FetchedFile(String name, long size, String sha256) {}

  public ModelHub(HubAccess access, FetchProgress progress) {
    this(access, progress, Timeouts.USUAL);
  }

  ModelHub(HubAccess access, FetchProgress progress, Timeouts timeout) {
    this.access = access;
    this.progress = progress;
    this.timeout = timeout;
  }

  /**
   * Gives a model's folder, and fetches what is not in it.
   *
   * @param modelsDirectory the cache is below it, in {@code hub/owner/name/revision}
   * @param pin the SHA-256 that the weights must have: others are not even fetched, if they are in
   *     one file
   * @throws IOException when a file cannot be had or is not what it should be
   */
  public Fetched fetch(HubModel model, Path modelsDirectory, Optional<String> pin)
      throws IOException {
    Optional<String> weights = pin.map(ModelHub::digest);
    Path folder = model.folder(modelsDirectory.resolve("hub"));
    if (!isWhole(folder)) {
      if (access.offline() && !access.sharedCache().has(model)) {
        throw missing(model, folder);
      }
      Files.createDirectories(folder);
      try (FolderLock lock = FolderLock.take(folder, progress)) {
        // What was missing may have come while another process had the lock.
        if (!isWhole(folder)) {
          new ModelFetch(access, timeout, progress, model, folder, weights).run();
        }
      }
      if (!isWhole(folder)) {
        throw missing(model, folder);
      }
    }
    return verified(model, folder);
  }

  /**
   * Reads a SHA-256.
   *
   * @return in lower case
   * @throws IllegalArgumentException when it has not 64 hexadecimal digits
   */
  public static String digest(String text) {
    String digest = text.strip().toLowerCase(Locale.ROOT);
    if (!SHA256.matcher(digest).matches()) {
      throw new IllegalArgumentException(
          "a SHA-256 has 64 hexadecimal digits, not \"" + text + "\"");
    }
    return digest;
  }

  /** Only offline is something missing without another reason. */
  private IOException missing(HubModel model, Path folder) throws IOException {
    List<String> pulls = access.sharedCache().pulls(model);
    String hint =
        pulls.isEmpty() || SharedCache.isPull(model.revision())
            ? ""
            : "; other clients have fetched %s here: if that is meant, name %s@%s"
                .formatted(String.join(", ", pulls), model.title(), pulls.get(0));
    return new FileNotFoundException(
        "%s is missing in %s, and this process is told to stay offline; run './gripstream fetch-model %s' where there is a network, and copy the folder%s"
            .formatted(absent(folder), folder, model, hint));
  }

  private static String absent(Path folder) throws IOException {
    for (ModelFile file : List.of(ModelFile.CONFIG, ModelFile.TOKENIZER)) {
      if (!isWhole(folder, file)) {
        return file.fileName();
      }
    }
    return ModelFile.WEIGHTS.fileName();
  }

  /** A file is whole only with its record. */
  static boolean isWhole(Path folder, ModelFile file) throws IOException {
    Path path = folder.resolve(file.fileName());
    return Files.exists(path) && Provenance.read(path).isPresent();
  }

  private boolean isWhole(Path folder) throws IOException {
    if (!isWhole(folder, ModelFile.CONFIG) || !isWhole(folder, ModelFile.TOKENIZER)) {
      return false;
    }
    Path preprocessing = folder.resolve(ModelFile.PREPROCESSING.fileName());
    Optional<Provenance> known = Provenance.read(preprocessing);
    // Caches of earlier versions do not know whether the hub has one.
    boolean unknown = known.isEmpty() && !access.offline();
    boolean lost = known.isPresent() && known.get().size() > 0 && !Files.exists(preprocessing);
    if (unknown || lost) {
      return false;
    }
    for (Path file : WeightFiles.in(folder).files()) {
      if (!isWhole(folder, ModelFile.part(file.getFileName().toString()))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Compares sizes, and of the small files the content: the weights are hashed when they are
   * loaded, and compared then ({@link ModelFolder#load}).
   */
  private static Fetched verified(HubModel model, Path folder) throws IOException {
    List<FetchedFile> files = new ArrayList<>();
    for (ModelFile file :
        List.of(ModelFile.CONFIG, ModelFile.PREPROCESSING, ModelFile.TOKENIZER, ModelFile.INDEX)) {
      Path path = folder.resolve(file.fileName());
      if (Files.exists(path)) {
        FetchedFile known = known(path);
        if (!Digests.sha256(path).equals(known.sha256())) {
          throw changed(path);
        }
        files.add(known);
      }
    }
    List<FetchedFile> weights = new ArrayList<>();
    for (Path path : WeightFiles.in(folder).files()) {
      weights.add(known(path));
    }
    files.addAll(weights);
    String sha256 = WeightFiles.sha256(weights.stream().map(FetchedFile::sha256).toList());
    int size = ClipConfig.read(folder.resolve(ModelFile.CONFIG.fileName())).vision().imageSize();
    return new Fetched(
        model,
        folder,
        files,
        sha256,
        TorchClip.id(model.title(), sha256, Preprocessing.in(folder, size)));
  }

  private static FetchedFile known(Path path) throws IOException {
    Provenance known =
        Provenance.read(path).orElseThrow(() -> new FileNotFoundException(path + " has gone away"));
    if (Files.size(path) != known.size()) {
      throw changed(path);
    }
    return new FetchedFile(path.getFileName().toString(), known.size(), digest(known.sha256()));
  }

  private static RefusedException changed(Path path) {
    return new RefusedException(
        path + " is not what was fetched; delete the folder to fetch it again");
  }
}
