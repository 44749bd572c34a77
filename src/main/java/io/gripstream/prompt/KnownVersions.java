package io.gripstream.prompt;

import io.gripstream.clip.Digests;
import io.gripstream.event.PromptVersion;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Remembers which prompt versions were ever made, without their numbers: 200 bytes each. A version
 * whose record is deleted stays known. May be used by many threads.
 */
public final class KnownVersions {
  private final Map<String, Set<Known>> byTask = new HashMap<>();

  /**
   * A version in short.
   *
   * @param content a hash over all that a label depends on: the digest, which covers the tuned
   *     numbers, the logit scale and the zero-shot features
   */
  public record Known(String task, int version, String content) {
    public static Known of(PromptVersion prompt) {
      MessageDigest content = Digests.sha256();
      content.update(PromptDigest.of(prompt).getBytes(StandardCharsets.US_ASCII));
      content.update(ByteBuffer.allocate(Float.BYTES).putFloat(0, prompt.getLogitScale()));
      content.update(prompt.getZeroShotFeatures().getData().duplicate());
      return new Known(
          prompt.getTask(), prompt.getVersion(), HexFormat.of().formatHex(content.digest()));
    }
  }

  public synchronized void add(Known candidate) {
    byTask.computeIfAbsent(candidate.task(), task -> new HashSet<>()).add(candidate);
  }

  /** Says, in words, that the prompt is none of the candidates that were made; empty: it is one. */
  public synchronized Optional<String> stranger(PromptVersion prompt) {
    Known wanted = Known.of(prompt);
    Set<Known> made = byTask.getOrDefault(prompt.getTask(), Set.of());
    if (made.contains(wanted)) {
      return Optional.empty();
    }
    boolean taken = made.stream().anyMatch(known -> known.version() == wanted.version());
    return Optional.of(
        (taken ? "the candidate of version %d is another" : "there is no candidate of version %d")
            .formatted(wanted.version()));
  }
}
