package io.gripstream.gateway.board;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A prompt version with what became of it.
 *
 * @param verdict {@code PENDING} until the curator has decided, then {@code PROMOTED} or {@code
 *     HELD}
 * @param reason the curator's sentence
 * @param live whether it labels now
 */
public record VersionView(
    @JsonUnwrapped VersionFacts facts,
    String verdict,
    String reason,
    Long decidedAt,
    boolean live,
    boolean pinned) {}
