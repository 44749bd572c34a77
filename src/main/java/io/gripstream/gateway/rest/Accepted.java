package io.gripstream.gateway.rest;

import io.gripstream.gateway.stream.Publisher;

/** Where what was accepted has been written. */
public record Accepted(String topic, int partition, long offset) {
  static Accepted at(Publisher.Position position) {
    return new Accepted(position.topic(), position.partition(), position.offset());
  }
}
