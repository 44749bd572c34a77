package io.gripstream.labeler;

import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.TowerPasses.Feature;
import io.gripstream.labeler.TowerPasses.Features;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What the prompts say of a micro-batch's images. The features of the images that share their tasks
 * and a prefix are laid out once, and each head is one matrix product over them: a hundred tasks
 * cost a product of all their classes, not a pass over the images for each.
 */
final class Verdicts {
  /** Below that, a product over the images leaves most of a vector empty. */
  private static final int FEWEST = 8;

  /**
   * Of one image and one task.
   *
   * @param live {@code [C]}, probabilities by the live prompt
   * @param zeroShot {@code [C]}, by version 0
   */
  record Verdict(float[] live, float[] zeroShot) {}

  /** An image's features and the tasks that label it. */
  record Input(Features features, List<Served> tasks) {}

  private Verdicts() {}

  /**
   * @return for each image, a verdict for each of its tasks, in their order
   */
  static List<List<Verdict>> of(List<Input> images) {
    Verdict[][] verdicts = new Verdict[images.size()][];
    Map<LivePrompt, List<Place>> places = new IdentityHashMap<>();
    for (int image = 0; image < images.size(); image++) {
      List<Served> tasks = images.get(image).tasks();
      verdicts[image] = new Verdict[tasks.size()];
      for (int task = 0; task < tasks.size(); task++) {
        places
            .computeIfAbsent(tasks.get(task).prompt(), any -> new ArrayList<>())
            .add(new Place(image, task));
      }
    }
    Map<Group, float[]> layouts = new LinkedHashMap<>();
    places.forEach(
        (prompt, at) -> {
          List<Integer> rows = at.stream().map(Place::image).toList();
          List<Features> features = rows.stream().map(row -> images.get(row).features()).toList();
          float[][] live =
              probabilities(
                  prompt.live(),
                  features.stream().map(f -> f.of(prompt)).toList(),
                  new Group(rows, prompt.prefix().orElse(null)),
                  layouts);
          float[][] zeroShot =
              probabilities(
                  prompt.zeroShot(),
                  features.stream().map(Features::plain).toList(),
                  new Group(rows, null),
                  layouts);
          IntStream.range(0, at.size())
              .forEach(
                  i ->
                      verdicts[at.get(i).image()][at.get(i).task()] =
                          new Verdict(live[i], zeroShot[i]));
        });
    return IntStream.range(0, verdicts.length).mapToObj(i -> List.of(verdicts[i])).toList();
  }

  private record Place(int image, int task) {}

  /** Features that are laid out together: of these images, behind this prefix or (null) none. */
  private record Group(List<Integer> images, Prefix prefix) {}

  private static float[][] probabilities(
      ClassHead head, List<Feature> features, Group group, Map<Group, float[]> layouts) {
    if (features.size() < FEWEST) {
      return features.stream()
          .map(feature -> head.probabilities(feature.features().values(), feature.row()))
          .toArray(float[][]::new);
    }
    float[] across =
        layouts.computeIfAbsent(
            group,
            any ->
                ClassHead.across(
                    features.stream()
                        .map(feature -> feature.features().row(feature.row()))
                        .toList()));
    return head.ofAll(across, features.size());
  }
}
