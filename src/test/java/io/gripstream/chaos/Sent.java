package io.gripstream.chaos;

import java.util.Collection;
import java.util.Set;

/**
 * What the brokers and the gateway have acknowledged, and the service owes an answer to.
 *
 * @param labels each with an annotator of its own, which tells it from all others
 * @param commands each with a reason of its own
 */
record Sent(Collection<Image> images, Collection<Label> labels, Collection<Command> commands) {
  /**
   * @param tasks that it is meant for
   * @param good whether it is an image at all
   */
  record Image(String id, Set<String> tasks, boolean good) {}

  record Label(String task, String imageId, String annotator) {}

  record Command(String task, String reason) {}
}
