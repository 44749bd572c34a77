package io.gripstream.workshop.bench;

import java.util.List;

/** Measures one part of the system. */
@FunctionalInterface
public interface Benchmark {
  /**
   * @throws IllegalStateException when what is measured does not do its work
   */
  List<Figure> run(Setting setting) throws Exception;
}
