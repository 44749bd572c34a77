package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.task.TaskRules;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * What is live, as this process has heard. Fed by the {@code tasks} and {@code prompts} topics from
 * any thread; read as one immutable snapshot, so that a batch is labelled under one state of the
 * world even when prompts are swapped meanwhile.
 */
final class PromptBoard {
  private static final Logger LOG = Logger.getLogger(PromptBoard.class);

  private final ClipModel model;
  private final LongSupplier nanoTime;
  private final Map<String, TaskDefinition> definitions = new HashMap<>();
  private final Map<String, LivePrompt> prompts = new HashMap<>();
  private final Map<String, Long> waitingSince = new HashMap<>();
  private final Set<String> unusable = new TreeSet<>();
  private boolean closed;
  private volatile Snapshot snapshot = new Snapshot(Map.of(), Map.of(), Set.of());

  /**
   * @param nanoTime a clock that only goes forward, in nanoseconds
   */
  PromptBoard(ClipModel model, LongSupplier nanoTime) {
    this.model = model;
    this.nanoTime = nanoTime;
  }

  /**
   * @param served the tasks that can be labelled, by name
   * @param waitingSince the tasks that are defined but have no prompt for this model yet: since
   *     when, on the board's clock
   * @param unusable the defined tasks whose live prompt this process cannot use: another model's,
   *     or a broken one
   */
  record Snapshot(
      Map<String, Served> served, Map<String, Long> waitingSince, Set<String> unusable) {

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
    if (definition == null) {
      definitions.remove(task);
    } else {
      List<String> faults = TaskRules.faults(task, definition);
      if (!faults.isEmpty()) {
        LOG.warnf("a definition of %s is not followed: %s", task, String.join("; ", faults));
        return;
      }
      definitions.put(task, definition);
    }
    publish();
  }

  /** A record of {@code prompts}; null: nothing is live any more. */
  synchronized void swap(String task, PromptVersion prompt) {
    prompts.remove(task);
    unusable.remove(task);
    if (prompt != null) {
      try {
        prompts.put(task, LivePrompt.of(task, prompt, model));
      } catch (IllegalArgumentException e) {
        unusable.add(task);
        LOG.warnf(
            "cannot label with prompt %d of %s: %s", prompt.getVersion(), task, e.getMessage());
      }
    }
    publish();
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
          if (prompt != null) {
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
    Set<String> unusableNow = new TreeSet<>(unusable);
    unusableNow.retainAll(definitions.keySet());
    snapshot = new Snapshot(Map.copyOf(served), Map.copyOf(waitingSince), Set.copyOf(unusableNow));
    notifyAll();
  }
}
