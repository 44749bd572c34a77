package io.gripstream.gateway.board;

import io.gripstream.event.Prediction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A prediction as the API shows it.
 *
 * @param seq counts the predictions of the task that this process has seen
 * @param labels best first
 * @param abstained whether the image is none of the classes, its best label not being sure enough
 *     for the task
 * @param changed whether refinement changed what the zero-shot prompt says; never of one that
 *     abstained
 * @param at milliseconds since the epoch: the prediction record's time
 * @param truth what the image really shows, where someone told this process; null elsewhere
 */
public record PredictionView(
    long seq,
    String imageId,
    List<Score> labels,
    boolean abstained,
    Score zeroShot,
    boolean changed,
    int version,
    String digest,
    String modelId,
    ImageView image,
    Map<String, String> attributes,
    long at,
    String truth) {

  private static final int ATTRIBUTES = 16;
  private static final int ATTRIBUTE_LENGTH = 200;

  static PredictionView of(long seq, Prediction prediction, long at) {
    List<Score> labels = prediction.getLabels().stream().map(Score::of).toList();
    Score zeroShot = Score.of(prediction.getZeroShot());
    return new PredictionView(
        seq,
        prediction.getImageId(),
        labels,
        prediction.getAbstained(),
        zeroShot,
        !prediction.getAbstained()
            && !labels.isEmpty()
            && !labels.get(0).label().equals(zeroShot.label()),
        prediction.getPromptVersion(),
        prediction.getPromptDigest(),
        prediction.getModelId(),
        ImageView.of(prediction.getImage()),
        bounded(prediction.getAttributes()),
        at,
        null);
  }

  /** The label that the live prompt gave; null when it abstained or the prediction has none. */
  public String label() {
    return abstained || labels.isEmpty() ? null : labels.get(0).label();
  }

  PredictionView withTruth(String known) {
    return new PredictionView(
        seq,
        imageId,
        labels,
        abstained,
        zeroShot,
        changed,
        version,
        digest,
        modelId,
        image,
        attributes,
        at,
        known);
  }

  /** Attributes are the producer's and of any size; the board remembers many predictions. */
  private static Map<String, String> bounded(Map<String, String> attributes) {
    Map<String, String> kept = new LinkedHashMap<>();
    attributes.forEach(
        (name, value) -> {
          if (kept.size() < ATTRIBUTES && name.length() <= ATTRIBUTE_LENGTH) {
            kept.put(
                name,
                value.length() <= ATTRIBUTE_LENGTH
                    ? value
                    : value.substring(0, ATTRIBUTE_LENGTH) + "…");
          }
        });
    return kept;
  }
}
