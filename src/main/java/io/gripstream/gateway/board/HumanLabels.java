package io.gripstream.gateway.board;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.LabelsView.ClassLabels;
import io.gripstream.gateway.board.LabelsView.ImageLabel;
import io.gripstream.refine.Paradigms;
import io.gripstream.refine.train.HeldOut;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The labels that people gave the images of one task, the latest of each. Not thread-safe. */
final class HumanLabels {
  private static final int REMEMBERED = 20_000;
  private static final int LONGEST = 200;

  private final String task;
  private final Map<String, String> byImage =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
          return size() > REMEMBERED;
        }
      };

  HumanLabels(String task) {
    this.task = task;
  }

  /**
   * @param label null takes an earlier one back
   */
  void put(String imageId, String label) {
    // Not in place: the latest is to be forgotten last.
    byImage.remove(imageId);
    if (label != null && label.length() <= LONGEST) {
      byImage.put(imageId, label);
    }
  }

  int size() {
    return byImage.size();
  }

  void clear() {
    byImage.clear();
  }

  ImageLabel of(TaskDefinition definition, String imageId) {
    String label = byImage.get(imageId);
    return new ImageLabel(
        imageId,
        label != null && definition.getClasses().contains(label) ? label : null,
        heldOut(definition, imageId));
  }

  LabelsView view(TaskDefinition definition) {
    Map<String, int[]> counts = new LinkedHashMap<>();
    definition.getClasses().forEach(name -> counts.put(name, new int[2]));
    List<String> labels = new ArrayList<>();
    byImage.forEach(
        (imageId, label) -> {
          int[] count = counts.get(label);
          if (count != null) {
            count[heldOut(definition, imageId) ? 1 : 0]++;
            labels.add(label);
          }
        });
    return new LabelsView(
        labels.size(),
        Paradigms.of(definition, labels).name(),
        counts.entrySet().stream()
            .map(e -> new ClassLabels(e.getKey(), e.getValue()[0], e.getValue()[1]))
            .toList());
  }

  /**
   * Which images are worth a person's time: those that seem to be of the classes with the fewest
   * labels that train, so that a few minutes give each class some.
   *
   * @param recent newest first
   */
  List<PredictionView> suggest(TaskDefinition definition, List<PredictionView> recent, int limit) {
    Map<String, List<PredictionView>> unlabelled = new LinkedHashMap<>();
    for (PredictionView prediction : recent) {
      // Images that are elsewhere cannot be shown.
      if (!byImage.containsKey(prediction.imageId()) && prediction.image().uri() == null) {
        unlabelled.computeIfAbsent(prediction.label(), name -> new ArrayList<>()).add(prediction);
      }
    }
    Map<String, Integer> had = new HashMap<>();
    view(definition).classes().forEach(count -> had.put(count.label(), count.training()));
    record Turn(PredictionView prediction, int after) {}
    List<Turn> turns = new ArrayList<>();
    unlabelled.forEach(
        (label, predictions) -> {
          int before = had.getOrDefault(label, 0);
          for (int i = 0; i < predictions.size() && i < limit; i++) {
            turns.add(new Turn(predictions.get(i), before + i));
          }
        });
    return turns.stream()
        .sorted(Comparator.comparingInt(Turn::after))
        .limit(limit)
        .map(Turn::prediction)
        .toList();
  }

  private boolean heldOut(TaskDefinition definition, String imageId) {
    return HeldOut.contains(task, imageId, share(definition));
  }

  /** What comes from the topic may be no share at all. */
  private static double share(TaskDefinition definition) {
    float share = definition.getGate().getHeldOutShare();
    return share >= 0 && share <= 1 ? share : 0;
  }
}
