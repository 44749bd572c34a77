package io.gripstream.workshop.pico.world;

import java.util.List;
import java.util.SplittableRandom;

/** One kind of picture, and a classification task over it. Implementations are immutable. */
interface Theme {
  /** The task's name. */
  String name();

  /** What can be told apart, as words for the template. */
  List<String> classes();

  /** A caption with {@code {}} where the class goes. */
  String template();

  /**
   * Paints a picture of a class.
   *
   * @param canvas any state; cleared first
   * @return what a person might say is in it
   */
  String paint(Canvas canvas, Look look, int label, SplittableRandom random);
}
