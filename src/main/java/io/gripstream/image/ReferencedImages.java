package io.gripstream.image;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.Preprocessing;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ImageReference;
import io.gripstream.image.ImageReader.Image;
import io.gripstream.kafka.BulkRecordReader;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException.Why;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.refine.ImageSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads a batch's images again from where their references say they are: the {@code images} topic
 * while it retains them, or the place that the event named. An image is used only if its bytes are
 * those that the labeler saw, by their SHA-256; any other is gone.
 *
 * <p>A record that bears a place bears nothing else that matters, so an image with a place is read
 * from there and its record is left alone. Encoded images are in memory only a few at a time,
 * however many are asked for: what is asked for together bounds the pixels alone.
 *
 * <p>One reading at a time; {@link #close} may come from any thread.
 */
public final class ReferencedImages implements ImageSource, AutoCloseable {
  /** Encoded images in memory at most, beside those of a fetch. */
  private static final int AT_ONCE = 8;

  private final String topic;
  private final Deserializer<ImageEvent> events;
  private final BulkRecordReader records;
  private final ImageReader images;
  private final ExecutorService workers;
  private final GoneImages gone;

  /**
   * @param config where images may be, how large and how slow
   * @param clients for reading records; the caller's, like {@code serdes}
   * @param preprocessing what the model takes
   * @param timeout how long to wait for brokers that do not answer
   */
  public ReferencedImages(
      GripstreamConfig.Images config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Preprocessing preprocessing,
      Duration timeout,
      MeterRegistry meters) {
    this.topic = topics.images();
    this.events = serdes.images().deserializer();
    this.records = new BulkRecordReader(clients, timeout);
    this.workers =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), ReferencedImages::thread);
    this.images = new ImageReader(config, preprocessing, workers);
    this.gone = new GoneImages(meters);
  }

  /**
   * {@inheritDoc}
   *
   * @throws org.apache.kafka.common.errors.TimeoutException when the brokers, or the schema
   *     registry, do not answer for as long as the timeout: that says nothing of the images
   * @throws PlaceUnavailableException when a place does not answer now: nor does that
   * @throws IllegalStateException when the source is closed, also meanwhile
   */
  @Override
  public List<byte[]> pixels(List<BatchSample> samples) throws InterruptedException {
    Reading reading = new Reading(samples.size());
    Map<Position, List<Row>> inline = new TreeMap<>();
    for (int i = 0; i < samples.size(); i++) {
      ImageReference reference = samples.get(i).getImage();
      Row row = new Row(i, reference.getSha256());
      if (reference.getUri() != null) {
        reading.start(row, () -> images.read(reference.getUri(), row.sha256()));
      } else if (reference.getTopic().equals(topic)) {
        inline
            .computeIfAbsent(
                new Position(reference.getPartition(), reference.getOffset()),
                position -> new ArrayList<>())
            .add(row);
      } else {
        // A batch must not make this process read whatever else it has access to.
        reading.gone(Gone.MISSING);
      }
    }
    records.read(topic, inline.keySet(), reading.sink(inline));
    List<byte[]> pixels = reading.finish();
    gone.note(samples.size(), reading.missed);
    return pixels;
  }

  /** A sample to be read: its place in the batch, and its image's SHA-256. */
  private record Row(int index, String sha256) {}

  private record Pending(Row row, CompletableFuture<Image> image) {}

  /** What has come of one call. */
  private final class Reading {
    private final byte[][] pixels;
    private final Map<Gone, Integer> missed = new EnumMap<>(Gone.class);
    private final Deque<Pending> pending = new ArrayDeque<>();

    Reading(int samples) {
      this.pixels = new byte[samples][];
    }

    BulkRecordReader.Sink sink(Map<Position, List<Row>> rows) {
      return new BulkRecordReader.Sink() {
        @Override
        public void found(Position position, byte[] value) throws InterruptedException {
          event(rows.get(position), value);
        }

        @Override
        public void missing(Position position, Why why) {
          rows.get(position).forEach(row -> gone(why == Why.GONE ? Gone.EXPIRED : Gone.MISSING));
        }
      };
    }

    private void event(List<Row> rows, byte[] value) throws InterruptedException {
      ImageEvent event;
      try {
        event = events.deserialize(topic, value);
      } catch (SerializationException e) {
        rows.forEach(row -> gone(Gone.UNDECODABLE));
        return;
      }
      for (Row row : rows) {
        if (event == null) {
          gone(Gone.MISSING);
        } else if (event.getContent() == null) {
          // The reference would name the place: this is another event than the one that was seen.
          gone(Gone.CHANGED);
        } else {
          start(row, () -> images.read(event, row.sha256()));
        }
      }
    }

    void start(Row row, Supplier<CompletableFuture<Image>> image) throws InterruptedException {
      if (pending.size() == AT_ONCE) {
        settle(pending.remove());
      }
      pending.add(new Pending(row, image.get()));
    }

    private void settle(Pending read) throws InterruptedException {
      try {
        pixels[read.row().index()] = ImageReader.await(read.image()).pixels();
      } catch (RejectedImageException e) {
        gone(
            switch (e.why()) {
              case UNREADABLE -> Gone.UNREADABLE;
              case CHANGED -> Gone.CHANGED;
              case UNDECODABLE -> Gone.UNDECODABLE;
            });
      }
    }

    void gone(Gone reason) {
      missed.merge(reason, 1, Integer::sum);
    }

    List<byte[]> finish() throws InterruptedException {
      while (!pending.isEmpty()) {
        settle(pending.remove());
      }
      return Arrays.asList(pixels);
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "refiner-images");
    thread.setDaemon(true);
    return thread;
  }

  /** Ends the reading in hand. */
  @Override
  public void close() {
    records.close();
    // Not at once: somebody may wait for what is under way.
    workers.shutdown();
    images.close();
  }
}
