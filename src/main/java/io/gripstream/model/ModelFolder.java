package io.gripstream.model;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.TorchClip;
import io.gripstream.clip.WeightFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a model's files are.
 *
 * @param path holds them in the Hugging Face layout
 * @param name what the model is called in its id; {@code owner/name} for one of a hub
 * @param sha256 what the weights' digest was when it was last known, in lower-case hexadecimal
 */
public record ModelFolder(Path path, String name, Optional<String> sha256) {
  /**
   * The folder that a model's name stands for. The embedded model is unpacked, one of a hub
   * fetched, unless they are there already.
   *
   * @param model {@code pico}; or a folder, if there is such a folder; or a name on a hub, {@code
   *     owner/name} or {@code owner/name@revision}
   * @param modelsDirectory where to unpack and to keep what was fetched
   * @param pin the SHA-256 that the weights must have, in hexadecimal: they are read as a whole and
   *     compared, wherever they come from
   * @throws IOException when there is no such model, it cannot be had, or its weights are others
   * @throws IllegalArgumentException when the name or the pin is none
   */
  public static ModelFolder of(
      String model, Path modelsDirectory, ModelHub hub, Optional<String> pin) throws IOException {
    Optional<String> wanted = pin.map(ModelHub::digest);
    ModelFolder found = find(model, modelsDirectory, hub, wanted);
    if (wanted.isPresent()) {
      WeightFiles weights = WeightFiles.in(found.path);
      String actual = weights.sha256();
      if (!actual.equals(wanted.get())) {
        throw new RefusedException(
            "%s has the SHA-256 %s, and only %s is allowed"
                .formatted(weights.files().get(0), actual, wanted.get()));
      }
      return new ModelFolder(found.path, found.name, wanted);
    }
    return found;
  }

  private static ModelFolder find(
      String model, Path modelsDirectory, ModelHub hub, Optional<String> pin) throws IOException {
    if (model.equals(EmbeddedModel.NAME)) {
      return new ModelFolder(
          EmbeddedModel.unpack(modelsDirectory), EmbeddedModel.NAME, Optional.empty());
    }
    Optional<Path> folder = folder(model);
    if (folder.isPresent()) {
      requireModel(folder.get());
      return new ModelFolder(folder.get(), folder.get().getFileName().toString(), Optional.empty());
    }
    try {
      HubModel named =
          HubModel.parse(model)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "a name on a hub is like openai/clip-vit-base-patch32"));
      ModelHub.Fetched fetched = hub.fetch(named, modelsDirectory, pin);
      return new ModelFolder(fetched.folder(), named.title(), Optional.of(fetched.sha256()));
    } catch (IllegalArgumentException | IOException e) {
      // What was meant may have been a folder.
      throw new IOException(
          "there is no folder %s, and as a name on a hub it gives no model".formatted(model), e);
    }
  }

  /** Whether a folder of somebody's is a model, as far as can be told without loading it. */
  private static void requireModel(Path folder) throws IOException {
    require(folder, ModelFile.CONFIG, "open_clip_config.json", "open_clip's is not supported");
    require(folder, ModelFile.TOKENIZER, "vocab.json", "vocab.json is not read in its place");
    WeightFiles weights = WeightFiles.in(folder);
    if (weights.files().size() == 1) {
      require(
          folder,
          ModelFile.part(weights.files().get(0).getFileName().toString()),
          "pytorch_model.bin",
          "pickled weights are not read: convert pytorch_model.bin, in Python with CLIPModel.from_pretrained(DIR).save_pretrained(DIR)");
    }
    Path preprocessing = folder.resolve(ModelFile.PREPROCESSING.fileName());
    if (Files.exists(preprocessing)) {
      ModelFile.PREPROCESSING.check().check(preprocessing, folder);
    }
    ModelFile.checkWeights(folder);
  }

  private static void require(Path folder, ModelFile file, String foreign, String hint)
      throws IOException {
    Path path = folder.resolve(file.fileName());
    if (!Files.isRegularFile(path)) {
      String more = Files.exists(folder.resolve(foreign)) ? ", and " + hint : "";
      throw new RefusedException(
          "the folder %s has no %s%s".formatted(folder, file.fileName(), more));
    }
    file.check().check(path, folder);
  }

  private static Optional<Path> folder(String model) {
    try {
      Path folder = Path.of(model).toAbsolutePath().normalize();
      return Files.isDirectory(folder) && folder.getFileName() != null
          ? Optional.of(folder)
          : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /**
   * Loads the model. Its weights are hashed for its id, as ever, and have to be those whose digest
   * is known: a cache that was damaged or changed since is found out at no cost.
   *
   * @throws IOException when a file is missing or damaged, or the weights are others
   */
  public TorchClip load(ComputeDevice device) throws IOException {
    TorchClip clip = TorchClip.load(path, name, device);
    String known =
        sha256.map(all -> TorchClip.id(name, all, clip.preprocessing())).orElse(clip.id());
    if (!clip.id().equals(known)) {
      String id = clip.id();
      clip.close();
      throw new RefusedException(
          "%s is not what was fetched: the model is %s, not %s; delete the folder to fetch it again"
              .formatted(path.resolve(ModelFile.WEIGHTS.fileName()), id, known));
    }
    return clip;
  }
}
