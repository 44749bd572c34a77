package io.gripstream.experiment.drift;

import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.PromptVersion;
import io.gripstream.experiment.Shown;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.Classifier;
import io.gripstream.refine.Scores;
import java.nio.ByteBuffer;
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
        right[c][i] = labelings.get(c).label(live, image) == image.label();
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

  /** Labels with a prompt, whose tensors are decoded once. */
  private static final class Labeling {
    private PromptVersion known;
    private Classifier classifier;

    int label(PromptVersion version, Shown image) {
      if (known != version) {
        known = version;
        classifier =
            new Classifier(Tensors.decode(version.getClassFeatures()), version.getLogitScale());
      }
      float[] feature = Float16.decode(ByteBuffer.wrap(image.feature()));
      return Scores.argmax(classifier.logits(FloatTensor.matrix(1, feature.length, feature)))[0];
    }
  }
}
