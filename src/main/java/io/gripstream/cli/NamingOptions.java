package io.gripstream.cli;

import io.gripstream.experiment.DataSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What a data set's folders are called, and in which order. */
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

  DataSet.Naming naming() {
    return new DataSet.Naming(folderClasses, classes);
  }
}
