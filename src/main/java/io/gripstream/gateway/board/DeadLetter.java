package io.gripstream.gateway.board;

/**
 * A record that could not be processed.
 *
 * @param key of the original record, as text
 * @param role the part that gave up on it
 * @param origin topic, partition and offset of the original record, as {@code
 *     topic-partition@offset}
 * @param bytes of the original value; 0 where it had none, or was too large to be kept
 * @param at milliseconds since the epoch
 * @param partition where the letter lies in the {@code dead-letters} topic
 * @param offset where the letter lies in the {@code dead-letters} topic
 * @param mediaType of the image that the letter holds, by its first bytes; null where it holds none
 */
public record DeadLetter(
    String key,
    String cause,
    String role,
    String origin,
    int bytes,
    long at,
    int partition,
    long offset,
    String mediaType) {}
