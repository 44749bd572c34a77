package io.gripstream.gateway.board;

/**
 * A record that could not be processed.
 *
 * @param key of the original record, as text
 * @param role the part that gave up on it
 * @param at milliseconds since the epoch
 */
public record DeadLetter(
    String key, String cause, String role, String origin, int bytes, long at) {}
