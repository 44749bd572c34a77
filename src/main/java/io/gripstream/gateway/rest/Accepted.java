package io.gripstream.gateway.rest;

import io.gripstream.kafka.Position;

/** Where what was accepted has been written. */
public record Accepted(String topic, int partition, long offset) {
  static Accepted at(String topic, Position position) {
    return new Accepted(topic, position.partition(), position.offset());
  }
}
