package io.gripstream.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.Digests;
import io.gripstream.clip.WeightFiles;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One model on its way into the cache: its files from what other clients have on this machine, or
 * from the hub; its weights in one file or in several, from the revision or from the hub's own
 * conversion of it. All files are of one commit where the hub tells commits, a conversion's weights
 * of its child. The caller holds the folder's lock.
 */
final class ModelFetch {
  private static final ModelFile OPEN_CLIP =
      new ModelFile("open_clip_config.json", 1L << 20, (file, folder) -> {});
  private static final ModelFile ANSWER =
      new ModelFile(".answer.json", 16L << 20, (file, folder) -> {});
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HubAccess access;
  private final ModelHub.Timeouts timeout;
  private final FetchProgress progress;
  private final HubModel model;
  private final Path folder;
  private final Optional<String> pin;
  private final HttpClient http;
  private final Optional<String> token;

  /**
   * @param pin the SHA-256 that the weights must have
   */
  ModelFetch(
      HubAccess access,
      ModelHub.Timeouts timeout,
      FetchProgress progress,
      HubModel model,
      Path folder,
      Optional<String> pin)
      throws IOException {
    this.access = access;
    this.timeout = timeout;
    this.progress = progress;
    this.model = model;
    this.folder = folder;
    this.pin = pin;
    this.http = access.client(timeout.head());
    this.token = access.token();
  }

  /**
   * Fetches what is missing. Offline, something may be missing still.
   *
   * @throws IOException when a file cannot be had, or what is there is not supported
   */
  void run() throws IOException {
    if (!obtain(ModelFile.CONFIG, revision()) && !access.offline()) {
      throw new RefusedException(noConfiguration());
    }
    preprocessing();
    if (!obtain(ModelFile.TOKENIZER, revision()) && !access.offline()) {
      throw new RefusedException(
          "%s has no tokenizer.json, and vocab.json with merges.txt is not read in its place"
              .formatted(model));
    }
    if (!weights(revision(), Optional.empty()) && !access.offline()) {
      converted();
    }
  }

  /** Not every model has one: that the hub has none is written down, so that it is asked once. */
  private void preprocessing() throws IOException {
    Path path = folder.resolve(ModelFile.PREPROCESSING.fileName());
    boolean none = Provenance.read(path).map(known -> known.size() == 0).orElse(false);
    if (!none && !obtain(ModelFile.PREPROCESSING, revision()) && !access.offline()) {
      new Provenance(ModelFile.PREPROCESSING.fileName(), 0, "", "", "", "", now()).write(path);
    }
  }

  private String noConfiguration() throws IOException {
    boolean openClip = obtain(OPEN_CLIP, revision());
    discard(OPEN_CLIP);
    return openClip
        ? "%s has an open_clip configuration only (open_clip_config.json), which is not supported: take the same model in the layout of transformers, with a config.json"
            .formatted(model)
        : "%s has no config.json: there is no such model or revision, or it is none of transformers"
            .formatted(model);
  }

  /** The commit that the files so far are of, as a branch may move on between two files. */
  private String revision() throws IOException {
    // Offline there is nobody to ask for a commit: revisions are what the cache knows.
    return access.offline() ? model.revision() : commit().orElse(model.revision());
  }

  private Optional<String> commit() throws IOException {
    for (ModelFile file : List.of(ModelFile.CONFIG, ModelFile.TOKENIZER)) {
      Path path = folder.resolve(file.fileName());
      Optional<Provenance> known = Files.exists(path) ? Provenance.read(path) : Optional.empty();
      if (known.isPresent() && !known.get().commit().isEmpty()) {
        return known.map(Provenance::commit);
      }
    }
    return Optional.empty();
  }

  /**
   * Fetches the weights of a revision.
   *
   * @param commit which the revision must stand for
   * @return false where it has none as safetensors
   */
  private boolean weights(String revision, Optional<String> commit) throws IOException {
    if (obtain(ModelFile.WEIGHTS, revision, pin, commit)) {
      return true;
    }
    if (!obtain(ModelFile.INDEX, revision, Optional.empty(), commit)) {
      return false;
    }
    for (String part : WeightFiles.parts(folder.resolve(ModelFile.INDEX.fileName()))) {
      if (!obtain(ModelFile.part(part), revision, Optional.empty(), commit)) {
        throw new RefusedException(
            "%s has no %s, which its %s names".formatted(model, part, ModelFile.INDEX.fileName()));
      }
    }
    ModelFile.checkWeights(folder);
    return true;
  }

  private void converted() throws IOException {
    String none =
        "%s has no model.safetensors and no model.safetensors.index.json, and pickled weights (pytorch_model.bin) are not read; "
            .formatted(model);
    if (!model.revision().equals(HubModel.DEFAULT_REVISION)) {
      throw new RefusedException(none + "name a revision that has them");
    }
    Optional<Conversion> found = Conversion.find(this::ask, model);
    if (found.isEmpty()) {
      throw new RefusedException(
          none
              + "the hub's bot has not converted them either: ask for it at https://huggingface.co/spaces/safetensors/convert, or name a revision that has them, as in %s@refs/pr/1"
                  .formatted(model));
    }
    Conversion conversion = found.get();
    Optional<String> ours = commit();
    if (ours.isPresent() && !ours.get().equals(conversion.parent())) {
      throw new RefusedException(
          none
              + "the hub's conversion is of the commit %s, and main is %s: if it is meant all the same, name %s@%s"
                  .formatted(conversion.parent(), ours.get(), model, conversion.revision()));
    }
    progress.note(
        "%s has no safetensors on main; taking the hub's own conversion of it, %s at commit %s"
            .formatted(model, conversion.revision(), conversion.commit()));
    if (!weights(conversion.revision(), Optional.of(conversion.commit()))) {
      throw new RefusedException(
          none + "the hub's conversion %s has none".formatted(conversion.revision()));
    }
  }

  private boolean obtain(ModelFile file, String revision) throws IOException {
    return obtain(file, revision, Optional.empty(), Optional.empty());
  }

  /**
   * Has a file in the folder.
   *
   * @param sha256 which it must have
   * @param commit which the revision must stand for
   * @return false where it is not to be had
   */
  private boolean obtain(
      ModelFile file, String revision, Optional<String> sha256, Optional<String> commit)
      throws IOException {
    if (ModelHub.isWhole(folder, file) || adopt(file, commit.orElse(revision), sha256)) {
      return true;
    }
    if (access.offline()) {
      return false;
    }
    try {
      URI url = URI.create(access.url() + model.urlPath(revision, file.fileName()));
      new Download(http, token, timeout, progress, file, url, folder, sha256, commit).run();
      return true;
    } catch (AbsentException e) {
      return false;
    }
  }

  /** Links to what another client has fetched, if it is there and whole. */
  private boolean adopt(ModelFile file, String revision, Optional<String> sha256)
      throws IOException {
    SharedCache cache = access.sharedCache();
    Optional<SharedCache.Found> found = cache.find(model, revision, file.fileName());
    boolean weights = file.fileName().startsWith("model");
    if (found.isEmpty() && access.offline() && SharedCache.isPull(revision) && !weights) {
      // A client that looked for a conversion has fetched its weights, and all else from main.
      found = cache.find(model, HubModel.DEFAULT_REVISION, file.fileName());
    }
    if (found.isEmpty()) {
      return false;
    }
    Path path = found.get().path();
    String actual = Digests.sha256(path);
    String blob = path.getFileName().toString();
    boolean damaged = blob.matches("[0-9a-f]{64}") && !blob.equals(actual);
    if (damaged || sha256.isPresent() && !sha256.get().equals(actual)) {
      progress.note("%s has the SHA-256 %s and is left alone".formatted(path, actual));
      return false;
    }
    file.check().check(path, folder);
    progress.note("%s is here already: %s".formatted(file.fileName(), path));
    Path target = folder.resolve(file.fileName());
    new Provenance(
            file.fileName(),
            Files.size(path),
            actual,
            path.toUri().toString(),
            "",
            found.get().commit(),
            now())
        .write(target);
    Files.deleteIfExists(target);
    if (weights) {
      // A link: it goes with the other client's cache, and then the weights are fetched.
      Files.createSymbolicLink(target, path);
    } else {
      Files.copy(path, target);
    }
    return true;
  }

  /** What the hub's API answers: fetched as everything is, and not kept. */
  private Optional<JsonNode> ask(String path) throws IOException {
    try {
      URI url = URI.create(access.url() + path);
      new Download(
              http,
              token,
              timeout,
              progress,
              ANSWER,
              url,
              folder,
              Optional.empty(),
              Optional.empty())
          .run();
      return Optional.of(JSON.readTree(folder.resolve(ANSWER.fileName()).toFile()));
    } catch (AbsentException e) {
      return Optional.empty();
    } finally {
      discard(ANSWER);
    }
  }

  private void discard(ModelFile file) throws IOException {
    Path path = folder.resolve(file.fileName());
    Files.deleteIfExists(path);
    Provenance.delete(path);
  }

  private static String now() {
    return Instant.now().toString();
  }
}
