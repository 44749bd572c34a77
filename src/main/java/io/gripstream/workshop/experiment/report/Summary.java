package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.CellResult;
import io.gripstream.workshop.experiment.Experiment;
import io.gripstream.workshop.experiment.Settings;
import java.util.List;
import java.util.Map;

/**
 * What is reported.
 *
 * @param dataset its name
 * @param dataDigest over all of its images
 * @param trainingImages that the data set has for training and, without splits of its own, the test
 * @param testImages that it has set aside for the test itself
 * @param model its id
 * @param arithmetic how the image tower computed
 * @param failures cells that are missing
 * @param unreadable why images were left out, by their paths
 */
public record Summary(
    String dataset,
    String dataDigest,
    int trainingImages,
    int testImages,
    String model,
    String arithmetic,
    List<String> classes,
    Settings settings,
    List<CellResult> cells,
    List<Experiment.Failure> failures,
    Map<String, String> unreadable) {}
