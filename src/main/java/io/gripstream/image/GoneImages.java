package io.gripstream.image;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Counts the images that are gone, by reason. */
final class GoneImages {
  private static final Logger LOG = Logger.getLogger(GoneImages.class);

  private final Map<Gone, Counter> counters = new EnumMap<>(Gone.class);

  GoneImages(MeterRegistry meters) {
    for (Gone reason : Gone.values()) {
      counters.put(
          reason,
          Counter.builder("gripstream.refiner.images.gone")
              .description("Images of batches that could not be read again")
              .tag("reason", reason.label())
              .register(meters));
    }
  }

  /**
   * @param asked how many images were to be read
   * @param gone how many of them were not there, by reason
   */
  void note(int asked, Map<Gone, Integer> gone) {
    if (gone.isEmpty()) {
      return;
    }
    gone.forEach((reason, count) -> counters.get(reason).increment(count));
    LOG.warnf(
        "%d of %d images of a batch are gone: %s",
        gone.values().stream().mapToInt(Integer::intValue).sum(),
        asked,
        gone.entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey().label())
            .collect(Collectors.joining(", ")));
  }
}
