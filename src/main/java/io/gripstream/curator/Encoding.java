package io.gripstream.curator;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * Values in a store or an internal topic, in the bytes that the topic they come from has: so that
 * the registry's schemas hold for both, without subjects of their own, and an upgraded curator
 * reads what its predecessor kept.
 */
record Encoding<T>(Serde<T> serde, String topic) {
  byte[] encode(T value) {
    return serde.serializer().serialize(topic, value);
  }

  T decode(byte[] bytes) {
    return serde.deserializer().deserialize(topic, bytes);
  }

  /** For internal topics, whatever they are called. */
  Serde<T> internal() {
    return Serdes.serdeFrom((any, value) -> encode(value), (any, bytes) -> decode(bytes));
  }
}
