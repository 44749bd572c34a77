package io.gripstream.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What came of a stream whose truth is known. Accuracies are shares from 0 to 1; those that nothing
 * was measured for are null.
 *
 * @param task the task
 * @param images that were sent
 * @param predictions of them, as a read_committed consumer saw them; each image once
 * @param deadLettered images that went to the dead letters instead
 * @param lost images of which neither was seen
 * @param duplicates predictions of an image that had one already
 * @param rounds refinement rounds that began
 * @param promoted refined prompt versions that went live
 * @param zeroShotPromoted zero-shot prompt versions that went live
 * @param held candidates that their gate held back
 * @param failed rounds that failed
 * @param rolledBack how often an earlier prompt version went live again
 * @param drifted how often the stream was found to have changed
 * @param wentLiveLast the version that went live last; null if none did
 * @param measuredImages images that this version labelled: the two accuracies below are over them
 * @param abstained those of them that the version gave no class: they count as wrong in {@code
 *     liveAccuracy}, and the zero-shot prompt never abstains
 * @param zeroShotAccuracy what the zero-shot prompt said of them
 * @param liveAccuracy what the version itself said of them
 * @param accuracyByVersion the same for every version that labelled anything
 * @param perClass the same for every class, over the images of the version that went live last
 * @param poorClassesChange mean change of accuracy from zero-shot to live, over the half of the
 *     classes that zero-shot was poor at
 * @param richClassesChange the same over the other half
 * @param firstPredictionSeconds from the start of this JVM to the first prediction
 * @param wallSeconds from the first image sent to the end of the measurement
 * @param imagesPerSecond labelled, from the first image sent to the last prediction seen
 */
record Report(
    String task,
    long images,
    long predictions,
    long deadLettered,
    long lost,
    long duplicates,
    long rounds,
    long promoted,
    long zeroShotPromoted,
    long held,
    long failed,
    long rolledBack,
    long drifted,
    Integer wentLiveLast,
    long measuredImages,
    long abstained,
    Double zeroShotAccuracy,
    Double liveAccuracy,
    Map<Integer, Score.Accuracy> accuracyByVersion,
    Map<String, Score.Accuracy> perClass,
    Double poorClassesChange,
    Double richClassesChange,
    Double firstPredictionSeconds,
    double wallSeconds,
    Double imagesPerSecond) {

  String json() {
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  void write(Path file) {
    try {
      if (file.toAbsolutePath().getParent() != null) {
        Files.createDirectories(file.toAbsolutePath().getParent());
      }
      Files.writeString(file, json() + System.lineSeparator());
    } catch (IOException e) {
      throw new CommandFailure("the report cannot be written to " + file, e);
    }
  }
}
