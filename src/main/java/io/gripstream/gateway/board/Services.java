package io.gripstream.gateway.board;

import io.gripstream.gateway.board.ServiceEnd.By;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which versions were live, and how the service of each ended. Not thread-safe. */
final class Services {
  private static final int REMEMBERED = 1000;

  /** Versions that were live; the value is empty for the one that is live now. */
  private final Map<Integer, Optional<ServiceEnd>> services = new HashMap<>();

  private Integer live;

  /** Notes an entry that says which version is live from then on. */
  void note(DiaryEntry entry) {
    if (entry.version() == null || entry.version().equals(live)) {
      return;
    }
    int successor = entry.version();
    if (live != null) {
      services.put(
          live,
          Optional.of(
              new ServiceEnd(entry.type(), by(entry), successor, entry.message(), entry.at())));
    }
    services.put(successor, Optional.empty());
    live = successor;
    if (services.size() > REMEMBERED) {
      services.remove(Collections.min(services.keySet()));
    }
  }

  boolean wasLive(int version) {
    return services.containsKey(version);
  }

  /** Empty for a version that is live, or never was. */
  Optional<ServiceEnd> end(int version) {
    return services.getOrDefault(version, Optional.empty());
  }

  private static By by(DiaryEntry entry) {
    return switch (entry.type()) {
      case "PINNED" -> By.OPERATOR;
      case "DRIFTED" -> By.STREAM;
      // The gate gives its evidence; an operator has none.
      case "ROLLED_BACK" -> entry.metrics().isEmpty() ? By.OPERATOR : By.GATE;
      default -> entry.round() == 0 ? By.DEFINITION : By.GATE;
    };
  }
}
