package io.gripstream.workshop.experiment.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.gripstream.workshop.experiment.DataSet;
import io.gripstream.workshop.experiment.ExperimentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The data sets and models of a suite, as a JSON file lists them:
 *
 * <pre>{@code
 * {
 *   "sets": [
 *     {"name": "aerial16", "path": "data/aerial16.zip", "template": "an aerial photo of a {}"},
 *     {"name": "mnist", "path": "data/mnist.zip", "template": "a photo of the number {}",
 *      "folders": {"0": "zero", "1": "one"}}
 *   ],
 *   "models": [{"name": "pico"}, {"name": "mini", "folder": "models/mini-clip"}]
 * }
 * }</pre>
 *
 * A set's {@code template}, {@code folders} (the classes of folders that are named otherwise) and
 * {@code classes} (all of them in order) may be left out. A model without a folder is {@code pico}
 * or a name on a hub. Relative paths begin at the file's own folder.
 *
 * @param models null or empty: pico
 */
public record SuiteFile(List<Source> sets, List<ModelSource> models) {
  private static final String TEMPLATE = "a photo of a {}";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /** A data set. */
  public record Source(
      String name, Path path, String template, Map<String, String> folders, List<String> classes) {
    public Source {
      template = Objects.requireNonNullElse(template, TEMPLATE);
      folders = folders == null ? Map.of() : Map.copyOf(folders);
      classes = classes == null ? List.of() : List.copyOf(classes);
    }

    public DataSet.Naming naming() {
      return new DataSet.Naming(folders, classes);
    }
  }

  /**
   * A model.
   *
   * @param folder in the Hugging Face layout; null: the name says which
   */
  public record ModelSource(String name, Path folder) {
    /** What {@code --model} takes. */
    public String model() {
      return folder == null ? name : folder.toString();
    }
  }

  public SuiteFile {
    sets = sets == null ? List.of() : List.copyOf(sets);
    models =
        models == null || models.isEmpty()
            ? List.of(new ModelSource("pico", null))
            : List.copyOf(models);
  }

  /**
   * @throws ExperimentException when the file is not understood
   */
  public static SuiteFile read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new ExperimentException("there is no file " + file);
    }
    SuiteFile read;
    try {
      read = JSON.readValue(Files.readAllBytes(file), SuiteFile.class);
    } catch (JsonProcessingException e) {
      throw new ExperimentException(
          "%s is not understood: %s".formatted(file, e.getOriginalMessage()), e);
    }
    Path home = file.toAbsolutePath().getParent();
    if (read.sets.isEmpty() || read.sets.stream().anyMatch(s -> s.name == null || s.path == null)) {
      throw new ExperimentException(file + " needs data sets, each with a name and a path");
    }
    if (read.models.stream().anyMatch(model -> model.name == null)) {
      throw new ExperimentException(file + " has a model without a name");
    }
    requireDistinct(file, read.sets, Source::name);
    requireDistinct(file, read.models, ModelSource::name);
    return new SuiteFile(
        read.sets.stream()
            .map(
                set ->
                    new Source(
                        set.name, home.resolve(set.path), set.template, set.folders, set.classes))
            .toList(),
        read.models.stream()
            .map(
                model ->
                    model.folder == null
                        ? model
                        : new ModelSource(model.name, home.resolve(model.folder)))
            .toList());
  }

  /**
   * The sets and models of these names alone, in the order given.
   *
   * @param setNames empty: all
   * @param modelNames empty: all; a name that the file does not have is one that {@code --model}
   *     takes
   * @throws ExperimentException when there is no such set
   */
  public SuiteFile only(List<String> setNames, List<String> modelNames) {
    List<Source> chosenSets =
        setNames.stream()
            .map(
                name ->
                    sets.stream()
                        .filter(set -> set.name.equals(name))
                        .findFirst()
                        .orElseThrow(
                            () ->
                                new ExperimentException(
                                    "there is no set %s, only %s"
                                        .formatted(
                                            name, sets.stream().map(Source::name).toList()))))
            .toList();
    List<ModelSource> chosenModels =
        modelNames.stream()
            .map(
                name ->
                    models.stream()
                        .filter(model -> model.name.equals(name))
                        .findFirst()
                        .orElse(new ModelSource(name, null)))
            .toList();
    return new SuiteFile(
        setNames.isEmpty() ? sets : chosenSets, modelNames.isEmpty() ? models : chosenModels);
  }

  private static <T> void requireDistinct(Path file, List<T> all, Function<T, String> name) {
    if (new HashSet<>(all.stream().map(name).toList()).size() < all.size()) {
      throw new ExperimentException(
          "%s has a name twice: %s".formatted(file, all.stream().map(name).toList()));
    }
  }
}
