package io.gripstream.labeler;

import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.PromptBoard.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which prompts label an image event:
 *
 * <ul>
 *   <li>An event that names tasks is labelled by all of them or by none, so that one that was
 *       refused can be sent again without being labelled twice. A task that does not exist makes it
 *       a dead letter. A task that has no prompt yet lets it wait aside ({@link SetAside}), because
 *       version 0 comes within moments; but when a task has been without one for {@code timeout},
 *       its events become dead letters.
 *   <li>An event that names none is labelled by every task that has a prompt. While no task has
 *       one, there is nothing that it could hold up, and it waits without bound.
 * </ul>
 *
 * @param timeout how long a task may be without a prompt before its events are refused
 */
record Assignment(Duration timeout) {
  /** What becomes of an event. */
  sealed interface Verdict {}

  /** It is labelled by these. */
  record Label(List<Served> tasks) implements Verdict {}

  /**
   * Not yet.
   *
   * @param tasks those it names that have no prompt; none where it names none
   */
  record Wait(String reason, Set<String> tasks) implements Verdict {}

  /** Not yet: the place of its image is slow or away. */
  record Away(String reason, String place) implements Verdict {}

  /** Never. */
  record Refuse(String reason) implements Verdict {}

  /**
   * @param now on the clock of the snapshot
   */
  Verdict of(Arrival arrival, Snapshot prompts, long now) {
    if (arrival.tasks().isEmpty()) {
      return prompts.served().isEmpty()
          ? new Wait("no task has a prompt yet", Set.of())
          : new Label(List.copyOf(prompts.served().values()));
    }
    List<Served> tasks = new ArrayList<>();
    Set<String> missing = new TreeSet<>();
    for (String task : arrival.tasks()) {
      Served served = prompts.served().get(task);
      if (served != null) {
        tasks.add(served);
        continue;
      }
      Long since = prompts.waitingSince().get(task);
      if (since == null) {
        String fault = prompts.faults().get(task);
        return new Refuse(
            fault == null
                ? "there is no task '%s'".formatted(task)
                : "the definition of task '%s' is not followed: %s".formatted(task, fault));
      }
      if (expired(since, now)) {
        return new Refuse(
            "task '%s' has had no prompt that this model can use for %s".formatted(task, timeout));
      }
      missing.add(task);
    }
    return missing.isEmpty()
        ? new Label(tasks)
        : new Wait("task '%s' has no prompt yet".formatted(String.join("', '", missing)), missing);
  }

  /** The tasks that make events wait that name them. */
  Set<String> waiting(Snapshot prompts, long now) {
    Set<String> tasks = new TreeSet<>();
    prompts
        .waitingSince()
        .forEach(
            (task, since) -> {
              if (!expired(since, now)) {
                tasks.add(task);
              }
            });
    return tasks;
  }

  private boolean expired(long since, long now) {
    return now - since >= timeout.toNanos();
  }
}
