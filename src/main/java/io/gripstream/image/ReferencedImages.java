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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
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
  private final LongSupplier nanoTime;

  /** By URI, those that failed when they were last asked for. */
  private final Map<String, ObjectFailures> failing = new HashMap<>();

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
    this(config, clients, topics, serdes, preprocessing, timeout, meters, System::nanoTime);
  }

  ReferencedImages(
      GripstreamConfig.Images config,
      KafkaClients clients,
      Topics topics,
      TopicSerdes serdes,
      Preprocessing preprocessing,
      Duration timeout,
      MeterRegistry meters,
      LongSupplier nanoTime) {
    this.topic = topics.images();
    this.events = serdes.images().deserializer();
    this.records = new BulkRecordReader(clients, timeout);
    this.workers =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), ReferencedImages::thread);
    this.images = new ImageReader(config, preprocessing, workers);
    this.gone = new GoneImages(meters);
    this.nanoTime = nanoTime;
  }

  /**
   * {@inheritDoc}
   *
   * @throws org.apache.kafka.common.errors.TimeoutException when the brokers, or the schema
   *     registry, do not answer for as long as the timeout: that says nothing of the images
   * @throws PlaceUnavailableException when a place does not answer now: nor does that. An image
   *     that keeps failing, call by call, while others of its place come is gone ({@link
   *     ObjectFailures})
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
        reading.start(row, reference.getUri(), () -> images.read(reference.getUri(), row.sha256()));
        reading.requireAnswers();
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

  /**
   * @param uri null: the image is in a record
   * @param asked when, in nanoseconds
   */
  private record Pending(Row row, String uri, long asked, CompletableFuture<Image> image) {}

  /** What has come of one call. */
  private final class Reading {
    private final byte[][] pixels;
    private final Map<Gone, Integer> missed = new EnumMap<>(Gone.class);
    private final Deque<Pending> pending = new ArrayDeque<>();
    private final List<PlaceUnavailableException> unanswered = new ArrayList<>();

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
          start(row, null, () -> images.read(event, row.sha256()));
        }
      }
    }

    void start(Row row, String uri, Supplier<CompletableFuture<Image>> image)
        throws InterruptedException {
      if (pending.size() == AT_ONCE) {
        settle(pending.remove());
      }
      pending.add(new Pending(row, uri, nanoTime.getAsLong(), image.get()));
    }

    private void settle(Pending read) throws InterruptedException {
      try {
        pixels[read.row().index()] = ImageReader.await(read.image()).pixels();
      } catch (PlaceUnavailableException e) {
        ObjectFailures failures = failing.computeIfAbsent(read.uri(), any -> new ObjectFailures());
        failures.failed(nanoTime.getAsLong());
        if (failures.forGood()) {
          gone(Gone.UNREADABLE);
        } else {
          unanswered.add(e);
        }
      } catch (RejectedImageException e) {
        gone(
            switch (e.why()) {
              case UNREADABLE, FORBIDDEN -> Gone.UNREADABLE;
              case CHANGED -> Gone.CHANGED;
              case UNDECODABLE -> Gone.UNDECODABLE;
            });
      }
      if (read.uri() != null && ImageReader.answered(read.image())) {
        failing.remove(read.uri());
        failing.forEach(
            (uri, failures) -> {
              if (ImageReader.place(uri).equals(ImageReader.place(read.uri()))) {
                failures.otherAnswered(read.asked());
              }
            });
      }
    }

    /** Some may fail and others tell that their place is there; where many fail, it is away. */
    void requireAnswers() {
      if (unanswered.size() > AT_ONCE) {
        throw unanswered.get(0);
      }
    }

    void gone(Gone reason) {
      missed.merge(reason, 1, Integer::sum);
    }

    List<byte[]> finish() throws InterruptedException {
      while (!pending.isEmpty()) {
        settle(pending.remove());
      }
      if (!unanswered.isEmpty()) {
        throw unanswered.get(0);
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
