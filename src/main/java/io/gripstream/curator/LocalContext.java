package io.gripstream.curator;

import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsMetrics;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.CommitCallback;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.StateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * What a processor needs of Kafka Streams where there is none: stores in memory, one for each name
 * that it asks for, and a place to forward to. Time stands still, so that nothing falls silent.
 */
final class LocalContext implements ProcessorContext<String, SpecificRecord>, StateStoreContext {
  private final Rejections rejections;
  private final Consumer<SpecificRecord> forwarded;
  private final Map<String, KeyValueStore<Bytes, byte[]>> stores = new HashMap<>();

  LocalContext(Rejections rejections, Consumer<SpecificRecord> forwarded) {
    this.rejections = rejections;
    this.forwarded = forwarded;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <S extends StateStore> S getStateStore(String name) {
    return (S) stores.computeIfAbsent(name, this::open);
  }

  private KeyValueStore<Bytes, byte[]> open(String name) {
    KeyValueStore<Bytes, byte[]> store = Stores.inMemoryKeyValueStore(name).get();
    store.init(this, store);
    return store;
  }

  @Override
  public void register(StateStore store, StateRestoreCallback restore) {
    // There is nothing to restore from.
  }

  @Override
  public void register(StateStore store, StateRestoreCallback restore, CommitCallback commit) {
    // Nor anything to commit.
  }

  @Override
  public <K extends String, V extends SpecificRecord> void forward(Record<K, V> record) {
    forwarded.accept(record.value());
  }

  @Override
  public <K extends String, V extends SpecificRecord> void forward(
      Record<K, V> record, String child) {
    forwarded.accept(record.value());
  }

  @Override
  public long currentSystemTimeMs() {
    return 0;
  }

  @Override
  public long currentStreamTimeMs() {
    return 0;
  }

  @Override
  public Optional<RecordMetadata> recordMetadata() {
    return Optional.empty();
  }

  @Override
  public Map<String, Object> appConfigs() {
    return Map.of(Rejections.CONFIG, rejections);
  }

  @Override
  public Map<String, Object> appConfigsWithPrefix(String prefix) {
    return Map.of();
  }

  @Override
  public String applicationId() {
    return "local";
  }

  @Override
  public TaskId taskId() {
    return new TaskId(0, 0);
  }

  @Override
  public Cancellable schedule(Duration interval, PunctuationType type, Punctuator callback) {
    throw new UnsupportedOperationException("time stands still");
  }

  @Override
  public Cancellable schedule(
      Instant startTime, Duration interval, PunctuationType type, Punctuator callback) {
    throw new UnsupportedOperationException("time stands still");
  }

  @Override
  public void commit() {
    // There is nobody to commit to.
  }

  @Override
  public Serde<?> keySerde() {
    throw new UnsupportedOperationException("no topics");
  }

  @Override
  public Serde<?> valueSerde() {
    throw new UnsupportedOperationException("no topics");
  }

  @Override
  public File stateDir() {
    throw new UnsupportedOperationException("no folder");
  }

  @Override
  public StreamsMetrics metrics() {
    throw new UnsupportedOperationException("no metrics");
  }
}
