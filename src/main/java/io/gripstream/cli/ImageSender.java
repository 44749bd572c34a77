package io.gripstream.cli;

import io.gripstream.event.ImageEvent;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.registry.AvroSerde;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes images as events, as any producer would. What the brokers refuse comes out of the next
 * call.
 */
final class ImageSender implements AutoCloseable {
  private final KafkaProducer<String, ImageEvent> producer;
  private final String topic;
  private final List<String> tasks;
  private final AtomicReference<Exception> refused = new AtomicReference<>();

  /**
   * @param tasks the tasks that shall label the images
   */
  ImageSender(KafkaClients clients, AvroSerde<ImageEvent> serde, String topic, List<String> tasks) {
    this.producer = clients.producer(null, new StringSerializer(), serde.serializer());
    this.topic = topic;
    this.tasks = List.copyOf(tasks);
  }

  /** Sends without waiting, unless the producer's buffer is full. */
  void send(String imageId, byte[] content) {
    check();
    ImageEvent event =
        ImageEvent.newBuilder()
            .setContent(ByteBuffer.wrap(content))
            .setTasks(tasks)
            .setAttributes(Map.of())
            .build();
    producer.send(
        new ProducerRecord<>(topic, imageId, event),
        (metadata, failure) -> {
          if (failure != null) {
            refused.compareAndSet(null, failure);
          }
        });
  }

  /** Waits until the brokers have everything. */
  void flush() {
    producer.flush();
    check();
  }

  private void check() {
    Exception failure = refused.get();
    if (failure != null) {
      throw new CommandFailure("an image was not taken", failure);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
