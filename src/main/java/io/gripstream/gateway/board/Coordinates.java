package io.gripstream.gateway.board;

/** Where a record lies in its topic. */
public record Coordinates(int partition, long offset) {}
