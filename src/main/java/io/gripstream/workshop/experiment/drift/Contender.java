package io.gripstream.workshop.experiment.drift;

import io.gripstream.event.PromptVersion;
import io.gripstream.workshop.experiment.Shown;
import java.util.List;

/** Serves a prompt over a stream, and may change it with each image. */
public interface Contender {
  String name();

  /** What labels the next image. */
  PromptVersion live();

  /**
   * Takes note of an image that has been labeled. What follows is done when it returns; the time of
   * the stream stands still meanwhile.
   */
  void saw(Shown image) throws InterruptedException;

  /** What has happened so far. */
  List<Event> events();

  /**
   * Something that happened.
   *
   * @param image after so many images of the stream
   * @param what one word, such as PROMOTED
   * @param message a sentence
   */
  record Event(int image, String what, String message) {}
}
