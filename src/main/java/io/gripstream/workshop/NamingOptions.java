package io.gripstream.workshop;

import io.gripstream.workshop.experiment.DataSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What a data set's folders are called, in which order, and in which sentence. */
final class NamingOptions {
  @Option(
      names = "--classes",
      split = ",",
      paramLabel = "CLASS",
      splitSynopsisLabel = ",",
      description = "All classes in order. Default: as the folders are called, in their order.")
  private List<String> classes = List.of();

  @Option(
      names = "--folder-class",
      split = ",",
      paramLabel = "FOLDER=CLASS",
      splitSynopsisLabel = ",",
      description = "The class of a folder's images, where the names differ.")
  private Map<String, String> folderClasses = new LinkedHashMap<>();

  @Option(
      names = "--template",
      defaultValue = "a photo of a {}",
      paramLabel = "TEXT",
      description = "The zero-shot prompt, with {} for the class. Default: ${DEFAULT-VALUE}.")
  private String template;

  String template() {
    return template;
  }

  DataSet.Naming naming() {
    return new DataSet.Naming(folderClasses, classes);
  }
}
