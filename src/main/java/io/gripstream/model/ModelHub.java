package io.gripstream.model;

import io.gripstream.clip.Digests;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
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
 *
 * <p>All files of a model come from one commit where the hub tells commits.
 */
public final class ModelHub {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private final URI url;
  private final boolean offline;
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
   */
  public record Fetched(HubModel model, Path folder, List<FetchedFile> files) {
    /** What {@link io.gripstream.clip.TorchClip#load} will call it. */
    public String id() {
      return model.title() + "@" + sha256().substring(0, 12);
    }

    /** The weights' SHA-256. */
    public String sha256() {
      return files.get(ModelFile.WEIGHTS.ordinal()).sha256();
    }
  }

  /**
   * @param size in bytes
   * @param sha256 in lower-case hexadecimal
   */
  public record FetchedFile(String name, long size, String sha256) {}

  /**
   * @param url of the hub: files are below {@code URL/owner/name/resolve/revision/}
   * @param offline whether only the cache may be used
   * @throws IllegalArgumentException when the URL is none of http or https
   */
  public ModelHub(URI url, boolean offline, FetchProgress progress) {
    this(url, offline, progress, Timeouts.USUAL);
  }

  ModelHub(URI url, boolean offline, FetchProgress progress, Timeouts timeout) {
    if (!("https".equalsIgnoreCase(url.getScheme()) || "http".equalsIgnoreCase(url.getScheme()))
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || url.getRawFragment() != null) {
      throw new IllegalArgumentException("a hub has an address such as https://host, not " + url);
    }
    this.url = URI.create(url.toString().replaceAll("/+$", ""));
    this.offline = offline;
    this.progress = progress;
    this.timeout = timeout;
  }

  /**
   * Gives a model's folder, and fetches what is not in it.
   *
   * @param modelsDirectory the cache is below it, in {@code hub/owner/name/revision}
   * @param pin the SHA-256 that the weights must have: others are not even fetched
   * @throws IOException when a file cannot be had or is not what it should be
   */
  public Fetched fetch(HubModel model, Path modelsDirectory, Optional<String> pin)
      throws IOException {
    Optional<String> weights = pin.map(ModelHub::digest);
    Path folder = model.folder(modelsDirectory.resolve("hub"));
    List<ModelFile> missing = missing(folder);
    if (!missing.isEmpty() && offline) {
      throw new FileNotFoundException(
          "%s is missing in %s, and this process is told to stay offline; run './gripstream fetch-model %s' where there is a network, and copy the folder"
              .formatted(missing.get(0).fileName(), folder, model));
    }
    if (!missing.isEmpty()) {
      Files.createDirectories(folder);
      try (FolderLock lock = FolderLock.take(folder, progress)) {
        // What was missing may have come while another process had the lock.
        fetch(model, folder, missing(folder), weights);
      }
    }
    List<FetchedFile> files = new ArrayList<>();
    for (ModelFile file : ModelFile.values()) {
      files.add(verified(folder, file));
    }
    return new Fetched(model, folder, files);
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

  private void fetch(HubModel model, Path folder, List<ModelFile> missing, Optional<String> weights)
      throws IOException {
    HttpClient http =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout.head())
            .build();
    for (ModelFile file : missing) {
      String revision = commit(folder).orElse(model.revision());
      URI from = URI.create(url + model.urlPath(revision, file.fileName()));
      Optional<String> pin = file == ModelFile.WEIGHTS ? weights : Optional.empty();
      new Download(http, timeout, progress, file, from, folder, pin).run();
    }
  }

  /** The commit that the files so far are of: a branch may move on between two files. */
  private static Optional<String> commit(Path folder) throws IOException {
    for (ModelFile file : ModelFile.values()) {
      Path path = folder.resolve(file.fileName());
      Optional<Provenance> known = Files.exists(path) ? Provenance.read(path) : Optional.empty();
      if (known.isPresent() && !known.get().commit().isEmpty()) {
        return known.map(Provenance::commit);
      }
    }
    return Optional.empty();
  }

  private static List<ModelFile> missing(Path folder) throws IOException {
    List<ModelFile> missing = new ArrayList<>();
    for (ModelFile file : ModelFile.values()) {
      Path path = folder.resolve(file.fileName());
      if (!Files.exists(path) || Provenance.read(path).isEmpty()) {
        missing.add(file);
      }
    }
    return missing;
  }

  /**
   * Compares sizes, and of the small files the content: the weights are hashed when they are
   * loaded, and compared then ({@link ModelFolder#load}).
   */
  private static FetchedFile verified(Path folder, ModelFile file) throws IOException {
    Path path = folder.resolve(file.fileName());
    Provenance known =
        Provenance.read(path).orElseThrow(() -> new FileNotFoundException(path + " has gone away"));
    long size = Files.size(path);
    boolean same =
        size == known.size()
            && (file == ModelFile.WEIGHTS || Digests.sha256(path).equals(known.sha256()));
    if (!same) {
      throw new RefusedException(
          path + " is not what was fetched; delete the folder to fetch it again");
    }
    return new FetchedFile(file.fileName(), size, digest(known.sha256()));
  }
}
