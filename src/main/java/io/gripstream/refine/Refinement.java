package io.gripstream.refine;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.refine.judge.Gate;
import io.gripstream.refine.select.Pseudolabel;
import io.gripstream.refine.train.RoundBatch;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Makes prompts: the zero-shot one that a task begins with, and better ones from batches. One round
 * at a time.
 */
public interface Refinement {
  /**
   * Version 0 of a task.
   *
   * @param createdAt the time it shall bear
   * @throws IllegalArgumentException when the model cannot tell two classes apart, or a text is too
   *     long for it
   */
  PromptVersion zeroShot(String task, TaskDefinition definition, Instant createdAt);

  /**
   * Trains a candidate. The same batch gives the same candidate, bit for bit, on the same kind of
   * device.
   *
   * @throws InterruptedException while images are read again
   * @return the candidate with its evidence; whether it goes live is for {@link Gate} to say
   */
  PromptVersion train(RoundBatch batch, Progress progress) throws InterruptedException;

  /** Hears how far a round is. */
  @FunctionalInterface
  interface Progress {
    /**
     * @param done from 0 to 1
     * @param metrics what is known so far, by name
     */
    void at(double done, Map<String, Double> metrics);

    /**
     * Hears what the round trains on, before it does.
     *
     * @param pseudolabels in the rows of the batch's samples
     */
    default void chosen(List<Pseudolabel> pseudolabels) {}
  }
}
