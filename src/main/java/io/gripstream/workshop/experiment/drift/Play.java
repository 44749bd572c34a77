package io.gripstream.workshop.experiment.drift;

import io.gripstream.event.PromptVersion;
import io.gripstream.refine.head.Scores;
import io.gripstream.workshop.experiment.Shown;
import java.util.ArrayList;
import java.util.List;

/**
 * Plays a stream. Each image is labeled by every contender with the prompt that it serves at that
 * moment, and the label is held against the truth; only then does the contender see the image
 * (prequential: test, then train).
 */
public final class Play {
  private Play() {}

  /** Hears how far it is. */
  @FunctionalInterface
  public interface Progress {
    void at(int images, int total);
  }

  /**
   * @param stream at least one image
   */
  public static DriftRun run(
      long seed, List<Shown> stream, List<Contender> contenders, Progress progress)
      throws InterruptedException {
    int n = stream.size();
    boolean[][] right = new boolean[contenders.size()][n];
    int[][] versions = new int[contenders.size()][n];
    List<Labeling> labelings = new ArrayList<>();
    contenders.forEach(contender -> labelings.add(new Labeling()));
    for (int i = 0; i < n; i++) {
      Shown image = stream.get(i);
      for (int c = 0; c < contenders.size(); c++) {
        PromptVersion live = contenders.get(c).live();
        versions[c][i] = live.getVersion();
        right[c][i] =
            Scores.argmax(labelings.get(c).logits(live, image.feature()))[0] == image.label();
      }
      for (Contender contender : contenders) {
        contender.saw(image);
      }
      progress.at(i + 1, n);
    }
    List<DriftRun.Course> courses = new ArrayList<>();
    for (int c = 0; c < contenders.size(); c++) {
      courses.add(
          new DriftRun.Course(
              contenders.get(c).name(), right[c], versions[c], contenders.get(c).events()));
    }
    return new DriftRun(seed, stream.stream().mapToInt(Shown::part).toArray(), courses);
  }
}
