package io.gripstream.client;

import io.gripstream.event.Prediction;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/** An example: prints a task's predictions, and what its live prompt says of a feature. */
public final class Watch {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Watch() {}

  /**
   * @param arguments brokers, registry, topic prefix, task, how many predictions, and a feature as
   *     numbers with commas between them
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Connection connection =
        new Connection(
            Map.of("bootstrap.servers", arguments[0]), URI.create(arguments[1]), arguments[2]);
    String task = arguments[3];
    String[] numbers = arguments[5].split(",");
    float[] feature = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      feature[i] = Float.parseFloat(numbers[i]);
    }
    try (PromptBoard prompts =
            new PromptBoard(
                connection,
                (name, e) -> System.out.println("refused " + name + ": " + e.getMessage()));
        Predictions predictions =
            new Predictions(
                connection,
                "watch-" + task,
                (place, e) -> System.out.println("unreadable " + e.getMessage()))) {
      if (!prompts.awaitReady(TIMEOUT)) {
        throw new IOException("the prompts are not read within " + TIMEOUT);
      }
      prompts.live(task).ifPresent(prompt -> print(prompt, feature));
      for (int left = Integer.parseInt(arguments[4]); left > 0; ) {
        for (Prediction prediction : predictions.poll(TIMEOUT)) {
          if (prediction.getTask().equals(task)) {
            left--;
            System.out.println(
                "prediction %s %s".formatted(prediction.getImageId(), prediction.getLabels()));
          }
        }
        predictions.commit();
      }
    }
  }

  private static void print(LivePrompt prompt, float[] feature) {
    System.out.println(
        "version %d %s %s"
            .formatted(
                prompt.version().getVersion(),
                prompt.classes(),
                Arrays.toString(prompt.probabilities(feature))));
  }
}
