package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.prompt.KnownVersions.Known;
import io.gripstream.prompt.PromptCheck;
import io.gripstream.prompt.PromptReview;
import io.gripstream.prompt.PromptReview.Offer;
import io.gripstream.task.TaskRules;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * What is live, as far as this process has heard and can verify. Fed by the {@code tasks}, {@code
 * candidates} and {@code prompts} topics from any thread; read as one immutable snapshot, so that a
 * batch is labelled under one state of the world even when prompts are swapped meanwhile. {@link
 * PromptReview} decides what is served.
 */
final class PromptBoard {
  private static final Logger LOG = Logger.getLogger(PromptBoard.class);

  private final ClipModel model;
  private final LongSupplier nanoTime;
  private final Map<String, TaskDefinition> definitions = new HashMap<>();
  private final Map<String, LivePrompt> prompts = new HashMap<>();
  private final Map<String, Long> waitingSince = new HashMap<>();
  private final Map<String, String> refused = new HashMap<>();

  /** What is wrong with the latest definition of tasks that have no other. */
  private final Map<String, String> faults = new HashMap<>();

  private final Runnable onRefusal;
  private final PromptReview review;
  private boolean closed;
  private volatile Snapshot snapshot = new Snapshot(Map.of(), Map.of(), Map.of(), Map.of());

  /**
   * @param nanoTime a clock that only goes forward, in nanoseconds
   * @param onRefusal is told of each prompt that is refused, once for each reason
   */
  PromptBoard(ClipModel model, LongSupplier nanoTime, Runnable onRefusal) {
    this.model = model;
    this.nanoTime = nanoTime;
    this.onRefusal = onRefusal;
    this.review =
        new PromptReview(
            prompt -> PromptCheck.misfit(prompt, model.id(), model.featureSize()), new Service());
  }

  /**
   * @param served the tasks that can be labelled, by name
   * @param waitingSince the tasks that are defined but have no prompt for this model yet: since
   *     when, on the board's clock
   * @param refused the defined tasks whose live prompt this process does not serve, and why
   * @param faults the tasks that are not defined because their definition breaks the rules, and how
   */
  record Snapshot(
      Map<String, Served> served,
      Map<String, Long> waitingSince,
      Map<String, String> refused,
      Map<String, String> faults) {

    /** Whether there is such a task, with a prompt or not. */
    boolean defines(String task) {
      return served.containsKey(task) || waitingSince.containsKey(task);
    }
  }

  /** A task and the prompt that is live for it. */
  record Served(TaskDefinition definition, LivePrompt prompt) {}

  Snapshot snapshot() {
    return snapshot;
  }

  /**
   * A record of {@code tasks}; null ends the task. One that breaks the rules changes nothing: the
   * curator does not take it either.
   */
  synchronized void define(String task, TaskDefinition definition) {
    Optional<String> fault = TaskRules.fault(task, definition);
    if (fault.isPresent()) {
      LOG.warnf("a definition of %s is not followed: %s", task, fault.get());
      if (!definitions.containsKey(task)) {
        faults.put(task, fault.get());
        publish();
      }
      return;
    }
    if (definition == null) {
      definitions.remove(task);
    } else {
      definitions.put(task, definition);
    }
    faults.remove(task);
    review.define(task, definition);
    publish();
  }

  /** A record of {@code candidates}. */
  synchronized void candidate(Known candidate) {
    review.candidate(candidate);
    publish();
  }

  /** A record of {@code prompts}; null: nothing is live any more. */
  synchronized void swap(String task, Offer offer) {
    refused.remove(task);
    if (offer == null) {
      prompts.remove(task);
    }
    review.offer(task, offer);
    publish();
  }

  private final class Service implements PromptReview.Service {
    @Override
    public void serve(String task, PromptVersion prompt) {
      prompts.put(task, LivePrompt.of(task, prompt, model));
      refused.remove(task);
    }

    @Override
    public void refuse(String task, String reason) {
      LOG.warnf("A prompt of task %s is not served, %s", task, reason);
      refused.put(task, reason);
      onRefusal.run();
    }
  }

  /**
   * Waits until the snapshot is as wished.
   *
   * @return the snapshot that is, or the latest one when the time is up or the board was closed
   */
  synchronized Snapshot await(Predicate<Snapshot> wish, Duration atMost)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!closed && !wish.test(snapshot)) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        break;
      }
      // A wish may also come true by the mere passing of time.
      wait(Math.min(millis, 1000));
    }
    return snapshot;
  }

  /** Lets nobody wait any more. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  private void publish() {
    Map<String, Served> served = new HashMap<>();
    definitions.forEach(
        (task, definition) -> {
          LivePrompt prompt = prompts.get(task);
          // After a redefinition, until the prompt for the new classes is there.
          if (prompt != null && prompt.classes().equals(definition.getClasses())) {
            served.put(task, new Served(definition, prompt));
          }
        });
    waitingSince
        .keySet()
        .removeIf(task -> served.containsKey(task) || !definitions.containsKey(task));
    long now = nanoTime.getAsLong();
    for (String task : definitions.keySet()) {
      if (!served.containsKey(task)) {
        waitingSince.putIfAbsent(task, now);
      }
    }
    Map<String, String> refusedNow = new HashMap<>(refused);
    refusedNow.keySet().retainAll(definitions.keySet());
    snapshot =
        new Snapshot(
            Map.copyOf(served),
            Map.copyOf(waitingSince),
            Map.copyOf(refusedNow),
            Map.copyOf(faults));
    notifyAll();
  }
}
