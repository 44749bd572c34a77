package io.gripstream.workshop.bench;

import io.gripstream.clip.TorchClip;
import io.gripstream.event.Modality;
import java.util.List;

/**
 * What an image costs where one, ten and a hundred text tasks label it, and where one task with a
 * visual prompt does.
 */
final class TasksBench implements Benchmark {
  @Override
  public List<Figure> run(Setting setting) throws Exception {
    TorchClip model = setting.models().large();
    int count = Backlog.count(setting, model, setting.photographs());
    try (Stream stream = new Stream(setting)) {
      double[] rates =
          Samples.medians(
              setting.runs(),
              List.of(
                  () -> rate(setting, stream, 1, Modality.TEXT, count),
                  () -> rate(setting, stream, 10, Modality.TEXT, count),
                  () -> rate(setting, stream, 100, Modality.TEXT, count),
                  () -> rate(setting, stream, 1, Modality.VISUAL, count)));
      return List.of(
          figure("tasks.10", rates[1], rates[0]),
          figure("tasks.100", rates[2], rates[0]),
          figure("tasks.visual", rates[3], rates[0]));
    }
  }

  private static double rate(
      Setting setting, Stream stream, int tasks, Modality modality, int count) throws Exception {
    TorchClip model = setting.models().large();
    return Backlog.labelled(
        stream, model, tasks, modality, setting.photographs(), count, setting.say());
  }

  private static Figure figure(String name, double rate, double one) {
    return Figure.of(name, 1000 / rate, "ms/image", "one text task", 1000 / one);
  }
}
