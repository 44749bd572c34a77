package io.gripstream.gateway.board;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A prompt version with what became of it.
 *
 * @param verdict {@code PENDING} until the curator has decided, then {@code PROMOTED} or {@code
 *     HELD}
 * @param reason the curator's sentence
 * @param live whether it labels now
 * @param wasLive whether it labels now or has labelled
 * @param ended how its service ended; null if it is live or never was
 * @param pin what the diary says of its pin, with the operator's reason; null if it is not pinned
 */
public record VersionView(
    @JsonUnwrapped VersionFacts facts,
    String verdict,
    String reason,
    Long decidedAt,
    boolean live,
    boolean wasLive,
    ServiceEnd ended,
    boolean pinned,
    String pin) {}
