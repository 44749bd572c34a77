package io.gripstream.model;

import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Digests;
import io.gripstream.clip.TorchClip;
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
      Path weights = found.path.resolve(ModelFile.WEIGHTS.fileName());
      String actual = Digests.sha256(weights);
      if (!actual.equals(wanted.get())) {
        throw new RefusedException(
            "%s has the SHA-256 %s, and only %s is allowed"
                .formatted(weights, actual, wanted.get()));
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
      for (ModelFile file : ModelFile.values()) {
        Path path = folder.get().resolve(file.fileName());
        if (!Files.isRegularFile(path)) {
          throw new RefusedException(
              "the folder %s has no %s".formatted(folder.get(), file.fileName()));
        }
      }
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
    String digits = clip.id().substring(clip.id().lastIndexOf('@') + 1);
    if (sha256.isPresent() && !sha256.get().startsWith(digits)) {
      clip.close();
      throw new RefusedException(
          "%s is not what was fetched: its SHA-256 begins with %s, not with %s; delete the folder to fetch it again"
              .formatted(
                  path.resolve(ModelFile.WEIGHTS.fileName()),
                  digits,
                  sha256.get().substring(0, digits.length())));
    }
    return clip;
  }
}
