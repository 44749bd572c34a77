package io.gripstream.kafka.follow;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Keys;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The latest value of every key of a compacted topic: a {@link Follower} and a map.
 *
 * <p>A key may lie in several partitions, where producers hash it in several ways; the latest of
 * its values is then the one of the latest time.
 *
 * <p>The view is {@link #ready} when it has reached where the topic ended at the view's start, and
 * stays so. A value that cannot be decoded, or that the rules or the listener throw at, is passed
 * over: the key keeps the value it had, and {@link #skipped} counts it.
 */
public final class TopicView<V> implements AutoCloseable {
  private final String topic;
  private final Deserializer<V> deserializer;
  private final BiConsumer<String, V> rules;
  private final BiConsumer<String, V> onChange;
  private final Map<String, V> values = new ConcurrentHashMap<>();

  /** Where the latest value of each key was read, or its tombstone; of the view's thread alone. */
  private final Map<String, Place> latest = new HashMap<>();

  private final Follower follower;

  private record Place(int partition, long timestamp) {}

  /**
   * Starts to follow the topic.
   *
   * @param onChange is told every change in the order of each partition, in the view's thread,
   *     after {@link #snapshot} shows it: the key, and the value or null for a tombstone
   */
  public TopicView(
      KafkaClients clients,
      String topic,
      Deserializer<V> deserializer,
      BiConsumer<String, V> onChange) {
    this(clients, topic, deserializer, (key, value) -> {}, onChange);
  }

  /**
   * The same.
   *
   * @param rules throw at what is to be passed over, before anybody sees it
   */
  public TopicView(
      KafkaClients clients,
      String topic,
      Deserializer<V> deserializer,
      BiConsumer<String, V> rules,
      BiConsumer<String, V> onChange) {
    this.topic = topic;
    this.deserializer = deserializer;
    this.rules = rules;
    this.onChange = onChange;
    this.follower = new Follower(clients, topic, Follower.ALL, this::apply);
  }

  /** What is wrong with the view's thread; empty: nothing. */
  public String notAlive() {
    return follower.notAlive();
  }

  /** Why the view may not be what the topic says; empty: it is. */
  public String notReady() {
    return follower.notReady();
  }

  public boolean ready() {
    return follower.ready();
  }

  /**
   * @throws KafkaException as {@link Follower#require}
   */
  public void awaitReady(Duration timeout) {
    follower.require(follower::awaitReady, timeout);
  }

  /** The latest values by key, as they are now; it does not change. */
  public Map<String, V> snapshot() {
    return Map.copyOf(values);
  }

  /** How many records were passed over because they, or the listener, failed. */
  public long skipped() {
    return follower.skipped();
  }

  private void apply(ConsumerRecord<byte[], byte[]> record) {
    String key = Keys.text(record);
    Place before = latest.get(key);
    if (before != null
        && before.partition() != record.partition()
        && before.timestamp() > record.timestamp()) {
      return;
    }
    V value = deserializer.deserialize(topic, record.headers(), record.value());
    rules.accept(key, value);
    V had = put(key, value);
    try {
      onChange.accept(key, value);
    } catch (RuntimeException | Error e) {
      put(key, had);
      throw e;
    }
    latest.put(key, new Place(record.partition(), record.timestamp()));
  }

  private V put(String key, V value) {
    return value == null ? values.remove(key) : values.put(key, value);
  }

  /** Stops the thread and waits for it. */
  @Override
  public void close() {
    follower.close();
  }
}
