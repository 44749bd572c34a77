package io.gripstream.gateway.rest;

import io.gripstream.gateway.rest.RoundResource.SampleView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Picks a few samples of a batch that show as many of its classes as can be. */
final class Spread {
  private Spread() {}

  /**
   * One of each class in turn, and of each class evenly over its samples.
   *
   * @param all in order of image id
   * @return at most {@code limit}, class by class
   */
  static List<SampleView> over(List<SampleView> all, int limit) {
    Map<String, List<SampleView>> byClass = new LinkedHashMap<>();
    for (SampleView sample : all) {
      String name = sample.label() != null ? sample.label() : sample.guess();
      byClass.computeIfAbsent(name, any -> new ArrayList<>()).add(sample);
    }
    Map<String, Integer> shares = new LinkedHashMap<>();
    int left = Math.min(limit, all.size());
    while (left > 0) {
      for (Map.Entry<String, List<SampleView>> each : byClass.entrySet()) {
        int taken = shares.getOrDefault(each.getKey(), 0);
        if (left > 0 && taken < each.getValue().size()) {
          shares.put(each.getKey(), taken + 1);
          left--;
        }
      }
    }
    List<SampleView> picked = new ArrayList<>();
    shares.forEach(
        (name, share) -> {
          List<SampleView> samples = byClass.get(name);
          for (int i = 0; i < share; i++) {
            picked.add(samples.get((int) ((long) i * samples.size() / share)));
          }
        });
    return picked;
  }
}
