package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.FloatTensor;
import io.gripstream.labeler.PromptBoard.Served;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the image tower over a micro-batch: once without a prompt, for all images, and once behind
 * each visual prompt, for the images that are meant for its tasks. So text-prompted tasks cost one
 * pass together, however many they are, and each visual prompt costs one of its own.
 */
final class TowerPasses {
  private final ClipModel model;
  private final LabelerMetrics metrics;

  TowerPasses(ClipModel model, LabelerMetrics metrics) {
    this.model = model;
    this.metrics = metrics;
  }

  /** An image, and the tasks that it is meant for. */
  record Input(byte[] pixels, List<Served> tasks) {}

  /** One image's feature: a row of {@code [N, D]}. */
  record Feature(FloatTensor features, int row) {}

  /**
   * What came of an image.
   *
   * @param plain its feature without any visual prompt
   * @param prefixed its feature behind each visual prompt of its tasks
   */
  record Features(Feature plain, Map<Prefix, Feature> prefixed) {

    /** What a prompt's class features go with. */
    Feature of(LivePrompt prompt) {
      return prompt.prefix().map(prefixed::get).orElse(plain);
    }
  }

  /** The features of every image, in order; at least one image. */
  List<Features> encode(List<Input> images) {
    return metrics.tower.record(() -> run(images));
  }

  private List<Features> run(List<Input> images) {
    FloatTensor plain = model.encodeImages(images.stream().map(Input::pixels).toList());
    metrics.plain.count(images.size());
    List<Features> features = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      features.add(new Features(new Feature(plain, i), new HashMap<>()));
    }
    // By value: tasks whose prompts have the same prefix share a pass.
    Map<Prefix, List<Integer>> passes = new LinkedHashMap<>();
    for (int i = 0; i < images.size(); i++) {
      int image = i;
      images.get(i).tasks().stream()
          .flatMap(task -> task.prompt().prefix().stream())
          .distinct()
          .forEach(prefix -> passes.computeIfAbsent(prefix, any -> new ArrayList<>()).add(image));
    }
    passes.forEach(
        (prefix, chosen) -> {
          FloatTensor prefixed =
              model.encodeImages(
                  chosen.stream().map(image -> images.get(image).pixels()).toList(),
                  prefix.vectors());
          metrics.prefixed.count(chosen.size());
          for (int row = 0; row < chosen.size(); row++) {
            features.get(chosen.get(row)).prefixed().put(prefix, new Feature(prefixed, row));
          }
        });
    return features;
  }
}
