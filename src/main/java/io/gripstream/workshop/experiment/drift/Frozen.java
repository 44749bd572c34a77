package io.gripstream.workshop.experiment.drift;

import io.gripstream.event.PromptVersion;
import io.gripstream.workshop.experiment.Shown;
import java.util.ArrayList;
import java.util.List;

/**
 * The first prompt that another contender promotes over its first one, for all of the stream: what
 * a refinement that is done once and never again is worth.
 */
public final class Frozen implements Contender {
  private final Contender other;
  private final PromptVersion start;
  private final List<Event> events = new ArrayList<>();
  private PromptVersion live;
  private int images;

  public Frozen(Contender other) {
    this.other = other;
    this.start = other.live();
    this.live = start;
  }

  @Override
  public String name() {
    return "frozen";
  }

  @Override
  public PromptVersion live() {
    if (live == start && !other.live().getDigest().equals(start.getDigest())) {
      live = other.live();
      events.add(new Event(images, "FROZEN", "version " + live.getVersion()));
    }
    return live;
  }

  @Override
  public void saw(Shown image) {
    images++;
  }

  @Override
  public List<Event> events() {
    return List.copyOf(events);
  }
}
