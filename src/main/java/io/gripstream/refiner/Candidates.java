package io.gripstream.refiner;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.prompt.Prompt;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is known of all candidates ever made, without their numbers. May be used by many threads.
 */
final class Candidates {
  private final Map<String, TreeMap<Integer, Candidate>> byTask = new HashMap<>();

  /**
   * A candidate in short.
   *
   * @param zeroShot whether it has no tuned tensors
   */
  record Candidate(
      String task,
      int version,
      String digest,
      String modelId,
      List<String> classes,
      String template,
      boolean zeroShot) {

    static Candidate of(PromptVersion prompt) {
      return new Candidate(
          prompt.getTask(),
          prompt.getVersion(),
          prompt.getDigest(),
          prompt.getModelId(),
          List.copyOf(prompt.getClasses()),
          prompt.getTemplate(),
          Prompt.zeroShot(prompt));
    }

    /** Its key in the topic. */
    String key() {
      return task + "/" + version;
    }
  }

  synchronized void add(Candidate candidate) {
    byTask
        .computeIfAbsent(candidate.task(), task -> new TreeMap<>())
        .put(candidate.version(), candidate);
  }

  /**
   * Forgets a candidate that was deleted.
   *
   * @param key task/version; the task may hold slashes
   */
  synchronized void remove(String key) {
    int slash = key.lastIndexOf('/');
    Map<Integer, Candidate> versions = byTask.get(key.substring(0, Math.max(0, slash)));
    if (versions != null) {
      versions.values().removeIf(candidate -> candidate.key().equals(key));
    }
  }

  synchronized Optional<Candidate> find(String task, int version) {
    return Optional.ofNullable(byTask.getOrDefault(task, new TreeMap<>()).get(version));
  }

  /**
   * Whether a task lacks a zero-shot prompt: the latest one that was made with this model is for
   * other classes or another template, or there is none. Other models' do not count, so that
   * refiners of two models do not outbid each other.
   */
  synchronized boolean needsZeroShot(String task, TaskDefinition definition, String modelId) {
    return byTask.getOrDefault(task, new TreeMap<>()).values().stream()
        .filter(candidate -> candidate.zeroShot() && candidate.modelId().equals(modelId))
        .max(Comparator.comparingInt(Candidate::version))
        .map(
            latest ->
                !latest.classes().equals(definition.getClasses())
                    || !latest.template().equals(definition.getTemplate()))
        .orElse(true);
  }

  /** The version after the highest one that is known; 0 at first. */
  synchronized int nextVersion(String task) {
    TreeMap<Integer, Candidate> versions = byTask.get(task);
    return versions == null || versions.isEmpty() ? 0 : versions.lastKey() + 1;
  }
}
