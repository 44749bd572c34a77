package io.gripstream.workshop.experiment.drift;

import io.gripstream.event.PromptVersion;
import io.gripstream.workshop.experiment.Shown;
import java.util.List;

/** One prompt for all of the stream. */
public record Fixed(String name, PromptVersion live) implements Contender {
  @Override
  public void saw(Shown image) {}

  @Override
  public List<Event> events() {
    return List.of();
  }
}
