package io.gripstream.curator;

import java.util.Properties;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** Stores for what is tested without a topology. */
final class Stores {
  private Stores() {}

  static KeyValueStore<Bytes, byte[]> inMemory() {
    KeyValueStore<Bytes, byte[]> store =
        org.apache.kafka.streams.state.Stores.inMemoryKeyValueStore("store").get();
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    store.init(new MockProcessorContext<>(config).getStateStoreContext(), store);
    return store;
  }

  static int entries(KeyValueStore<Bytes, byte[]> store) {
    int count = 0;
    try (var entries = store.all()) {
      while (entries.hasNext()) {
        entries.next();
        count++;
      }
    }
    return count;
  }
}
