package io.gripstream.gateway.board;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.board.LabelsView.ClassLabels;
import io.gripstream.gateway.board.LabelsView.ImageLabel;
import io.gripstream.refine.Paradigms;
import io.gripstream.refine.train.HeldOut;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The labels that people gave the images of one task, the latest of each. Not thread-safe. */
final class HumanLabels {
  private static final int REMEMBERED = 20_000;
  private static final int LONGEST = 200;

  private final String task;
  private final Map<String, Said> byImage =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Said> eldest) {
          boolean full = size() > REMEMBERED;
          forgotten += full ? 1 : 0;
          return full;
        }
      };

  private long forgotten;

  /**
   * What a person said of an image.
   *
   * @param annotator null where it is not known
   */
  private record Said(String label, String annotator) {}

  HumanLabels(String task) {
    this.task = task;
  }

  /**
   * @param label null takes an earlier one back
   * @param annotator null where it is not known
   */
  void put(String imageId, String label, String annotator) {
    // Not in place: the latest is to be forgotten last.
    byImage.remove(imageId);
    if (label != null && label.length() <= LONGEST) {
      boolean named = annotator != null && annotator.length() <= LONGEST;
      byImage.put(imageId, new Said(label, named ? annotator : null));
    }
  }

  int size() {
    return byImage.size();
  }

  /** How many labels were forgotten because there are too many. */
  long forgotten() {
    return forgotten;
  }

  void clear() {
    byImage.clear();
    forgotten = 0;
  }

  ImageLabel of(TaskDefinition definition, String imageId) {
    Said said = current(definition, imageId);
    return new ImageLabel(imageId, said == null ? null : said.label, heldOut(definition, imageId));
  }

  /** The ids of the images that have a label of a current class, the latest label last. */
  List<String> images(TaskDefinition definition) {
    Set<String> classes = new HashSet<>(definition.getClasses());
    return byImage.entrySet().stream()
        .filter(entry -> classes.contains(entry.getValue().label))
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * An image with a person's label, where it has one.
   *
   * @param prediction null where none is known
   */
  LabelledImage with(TaskDefinition definition, String imageId, PredictionView prediction) {
    Said said = current(definition, imageId);
    return new LabelledImage(
        imageId,
        said == null ? null : said.label,
        said == null ? null : said.annotator,
        prediction);
  }

  /** What was said of an image; null where nothing was, or no class of today. */
  private Said current(TaskDefinition definition, String imageId) {
    Said said = byImage.get(imageId);
    return said != null && definition.getClasses().contains(said.label) ? said : null;
  }

  LabelsView view(TaskDefinition definition) {
    Map<String, int[]> counts = new LinkedHashMap<>();
    definition.getClasses().forEach(name -> counts.put(name, new int[2]));
    List<String> labels = new ArrayList<>();
    byImage.forEach(
        (imageId, said) -> {
          int[] count = counts.get(said.label);
          if (count != null) {
            count[heldOut(definition, imageId) ? 1 : 0]++;
            labels.add(said.label);
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
