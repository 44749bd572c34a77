package io.gripstream.client;

import io.gripstream.event.Prediction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * A subscription to predictions: committed ones only, one for each image event and task. The group
 * goes on where it committed: what was polled and not committed comes again. Not thread-safe.
 */
public final class Predictions implements AutoCloseable {
  private final Consumer<byte[], byte[]> consumer;
  private final Decoder<Prediction> decoder;
  private final BiConsumer<TopicPartition, UnreadableRecordException> onUnreadable;

  /**
   * Subscribes.
   *
   * @param group the subscriber's own consumer group
   * @param onUnreadable is told of each record that is no prediction, which is passed over
   */
  public Predictions(
      Connection connection,
      String group,
      BiConsumer<TopicPartition, UnreadableRecordException> onUnreadable) {
    this.decoder = new Decoder<>(connection.registry(), Prediction.class);
    this.onUnreadable = onUnreadable;
    this.consumer = connection.consumer(Map.of(ConsumerConfig.GROUP_ID_CONFIG, group));
    consumer.subscribe(List.of(connection.topicPrefix() + "predictions"));
  }

  /**
   * The next predictions; none where none came in time.
   *
   * @throws IOException when the registry does not answer; the next call begins with the same ones
   */
  public List<Prediction> poll(Duration timeout) throws IOException {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
    List<Prediction> predictions = new ArrayList<>();
    try {
      for (ConsumerRecord<byte[], byte[]> record : records) {
        decode(record, predictions);
      }
    } catch (IOException e) {
      for (TopicPartition partition : records.partitions()) {
        consumer.seek(partition, records.records(partition).get(0).offset());
      }
      throw e;
    }
    return predictions;
  }

  private void decode(ConsumerRecord<byte[], byte[]> record, List<Prediction> predictions)
      throws IOException {
    if (record.value() == null) {
      return;
    }
    try {
      predictions.add(decoder.decode(record.value()));
    } catch (UnreadableRecordException e) {
      onUnreadable.accept(new TopicPartition(record.topic(), record.partition()), e);
    }
  }

  /** Notes that everything polled so far is done with. */
  public void commit() {
    consumer.commitSync();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
