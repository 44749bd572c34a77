package io.gripstream.bench;

import io.gripstream.clip.TorchClip;
import java.util.List;

/** What an image costs where one, ten and a hundred text tasks label it. */
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
                  () -> rate(setting, stream, model, 1, count),
                  () -> rate(setting, stream, model, 10, count),
                  () -> rate(setting, stream, model, 100, count)));
      return List.of(
          figure("tasks.10", rates[1], rates[0]), figure("tasks.100", rates[2], rates[0]));
    }
  }

  private static double rate(Setting setting, Stream stream, TorchClip model, int tasks, int count)
      throws Exception {
    return Backlog.labelled(stream, model, tasks, setting.photographs(), count, setting.say());
  }

  private static Figure figure(String name, double rate, double one) {
    return Figure.of(name, 1000 / rate, "ms/image", "one task", 1000 / one);
  }
}
