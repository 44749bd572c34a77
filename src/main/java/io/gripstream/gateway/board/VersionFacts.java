package io.gripstream.gateway.board;

import io.gripstream.event.PromptVersion;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A prompt version without its numbers, which may be megabytes: those are read again from the topic
 * when asked for.
 *
 * @param parent the version that the round began with; null for the first
 * @param paradigm which human labels the round trained on; null for version 0
 * @param madeBy the strategy that made it; null for version 0, and where nobody said
 * @param tensors shapes by name
 * @param createdAt milliseconds since the epoch
 */
public record VersionFacts(
    String task,
    int version,
    String digest,
    Integer parent,
    String modelId,
    String modality,
    String paradigm,
    String madeBy,
    List<String> classes,
    String template,
    float logitScale,
    int round,
    Map<String, Double> evidence,
    Map<String, List<Integer>> tensors,
    long createdAt) {

  /** What is worth remembering of a version. */
  public static VersionFacts of(PromptVersion prompt) {
    Map<String, List<Integer>> tensors = new LinkedHashMap<>();
    prompt
        .getTensors()
        .forEach((name, tensor) -> tensors.put(name, List.copyOf(tensor.getShape())));
    return new VersionFacts(
        prompt.getTask(),
        prompt.getVersion(),
        prompt.getDigest(),
        prompt.getParent() == null ? null : prompt.getParent().getVersion(),
        prompt.getModelId(),
        prompt.getModality().name(),
        prompt.getParadigm() == null ? null : prompt.getParadigm().name(),
        prompt.getMadeBy() == null ? null : prompt.getMadeBy().name(),
        List.copyOf(prompt.getClasses()),
        prompt.getTemplate(),
        prompt.getLogitScale(),
        prompt.getRound(),
        new TreeMap<>(prompt.getEvidence()),
        tensors,
        prompt.getCreatedAt().toEpochMilli());
  }
}
