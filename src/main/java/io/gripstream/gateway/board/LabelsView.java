package io.gripstream.gateway.board;

import java.util.List;

/**
 * What people have labelled of a task, as far as this process has seen.
 *
 * @param labels images with a label of one of the task's classes
 * @param paradigm what the next round follows, if the samples of these images are in its batch
 * @param classes in the order of the definition
 */
public record LabelsView(int labels, String paradigm, List<ClassLabels> classes) {
  /**
   * The labels of one class.
   *
   * @param training images that train
   * @param heldOut images that only judge
   */
  public record ClassLabels(String label, int training, int heldOut) {}

  /**
   * What a person said of an image.
   *
   * @param label null when nobody did
   * @param heldOut whether a label of it only judges
   */
  public record ImageLabel(String imageId, String label, boolean heldOut) {}
}
