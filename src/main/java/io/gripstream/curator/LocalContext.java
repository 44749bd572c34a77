package io.gripstream.curator;

import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
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
 * that it asks for, a place to forward to, and a clock that the caller sets.
 */
final class LocalContext implements ProcessorContext<String, SpecificRecord>, StateStoreContext {
  private final Rejections rejections;
  private final BiConsumer<String, SpecificRecord> forwarded;
  private final Map<String, KeyValueStore<Bytes, byte[]>> stores = new HashMap<>();

  private long clock;

  /**
   * @param forwarded takes the name of the child and the value
   */
  LocalContext(Rejections rejections, BiConsumer<String, SpecificRecord> forwarded) {
    this.rejections = rejections;
    this.forwarded = forwarded;
  }

  /**
   * @param millis since the epoch
   */
  void clock(long millis) {
    clock = millis;
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
    throw new UnsupportedOperationException("without a child");
  }

  @Override
  public <K extends String, V extends SpecificRecord> void forward(
      Record<K, V> record, String child) {
    forwarded.accept(child, record.value());
  }

  @Override
  public long currentSystemTimeMs() {
    return clock;
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
    throw new UnsupportedOperationException("nothing is scheduled");
  }

  @Override
  public Cancellable schedule(
      Instant startTime, Duration interval, PunctuationType type, Punctuator callback) {
    throw new UnsupportedOperationException("nothing is scheduled");
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
