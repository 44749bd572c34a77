package io.gripstream.workshop.experiment;

import io.gripstream.event.Modality;
import io.gripstream.event.Paradigm;
import io.gripstream.event.Strategy;
import java.util.Locale;

/** One combination of the grid. */
public record Cell(Paradigm paradigm, Modality modality, Strategy strategy, long seed) {
  /** All of it in words. */
  public String title() {
    return "%s %s %s, seed %d"
        .formatted(paradigm, modality.toString().toLowerCase(Locale.ROOT), strategy, seed);
  }
}
