package io.gripstream.sample;

import java.util.List;

/**
 * An endless stream of labelled images. The same index always gives the same image. Thread-safe.
 */
public sealed interface SampleStream permits DrawnStream {
  /** The name to ask for it by. */
  String name();

  /** The class names, as words for the template. */
  List<String> classes();

  /** A caption with {@code {}} where a class name goes. */
  String template();

  /**
   * The image of an index.
   *
   * @param index from 0
   */
  LabelledImage image(long index);
}
