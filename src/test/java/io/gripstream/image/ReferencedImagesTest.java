package io.gripstream.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.Preprocessing;
import io.gripstream.clip.Preprocessor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ImageReference;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.wiring.TestStream;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch's images, read again from a real broker and real files. */
class ReferencedImagesTest {
  private static final int SIZE = 8;
  private static final Duration LONG = Duration.ofSeconds(40);

  @TempDir private Path folder;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Preprocessor preprocessor = new Preprocessor(SIZE);
  private TestStream stream;
  private ReferencedImages images;

  @BeforeEach
  void open() throws IOException {
    stream = new TestStream(3);
    Files.createDirectories(folder.resolve("root"));
    images = source(stream.clients(), LONG);
  }

  @AfterEach
  void close() {
    images.close();
    stream.close();
  }

  @Test
  void imagesComeInTheOrderTheyAreAskedForWhereverTheyLie() throws Exception {
    List<BatchSample> samples = new ArrayList<>();
    List<byte[]> expected = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      byte[] png = png(i);
      BatchSample sample = sent("image-" + i, png);
      if (i % 5 == 0) {
        samples.add(sample);
        expected.add(preprocessor.pixels(png));
      }
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, samples.size()).boxed().toList());
    Collections.shuffle(order, new Random(3));

    List<byte[]> pixels = images.pixels(order.stream().map(samples::get).toList());

    assertThat(pixels).hasSize(order.size());
    for (int i = 0; i < order.size(); i++) {
      assertThat(pixels.get(i)).isEqualTo(expected.get(order.get(i)));
    }
    assertThat(goneInAll()).isZero();
    // And again: the same bytes, and the same consumer.
    assertThat(images.pixels(List.of(samples.get(7))).get(0)).isEqualTo(expected.get(7));
  }

  @Test
  void anImageWithAPlaceIsReadFromThere() throws Exception {
    byte[] png = png(1);
    Path file = Files.write(folder.resolve("root/image.png"), png);
    Path secret = Files.write(folder.resolve("secret.png"), png);

    List<byte[]> pixels =
        images.pixels(
            List.of(
                sample("there", 0, 99_999, file.toUri().toString(), sha256(png)),
                sample("outside", 0, 0, secret.toUri().toString(), sha256(png)),
                sample("host", 0, 0, "http://169.254.169.254/x", sha256(png)),
                sample("nowhere", 0, 0, file.toUri() + "x", sha256(png)),
                sample("changed", 0, 0, file.toUri().toString(), sha256(png(2)))));

    assertThat(pixels.get(0)).isEqualTo(preprocessor.pixels(png));
    assertThat(pixels.subList(1, 5)).containsOnlyNulls();
    assertThat(gone(Gone.UNREADABLE)).isEqualTo(3);
    assertThat(gone(Gone.CHANGED)).isEqualTo(1);
  }

  @Test
  void anObjectOfS3IsReadAgainAndAStoreThatIsAwayMakesNoImageGone() throws Exception {
    byte[] png = png(1);
    try (StubS3 store = new StubS3();
        ReferencedImages source =
            source(stream.config(store.settings("", "photos")), stream.clients(), LONG)) {
      store.put("photos", "a.png", png);
      List<BatchSample> samples =
          List.of(
              sample("there", 0, 0, "s3://photos/a.png", sha256(png)),
              sample("missing", 0, 0, "s3://photos/b.png", sha256(png)),
              sample("bucket", 0, 0, "s3://other/a.png", sha256(png)));

      store.refuse(3, 503, "SlowDown");
      assertThatThrownBy(() -> source.pixels(samples))
          .isInstanceOf(PlaceUnavailableException.class)
          .hasMessageContaining("S3 answered 503 (SlowDown)");
      assertThat(goneInAll()).isZero();
      await().until(() -> store.requests().size() == 2);

      store.refuseNoMore();
      assertThat(source.pixels(samples)).containsExactly(preprocessor.pixels(png), null, null);
    }
    assertThat(gone(Gone.UNREADABLE)).isEqualTo(2);
  }

  @Test
  void anObjectThatKeepsFailingWhileOthersOfItsPlaceComeIsGone() throws Exception {
    byte[] png = png(1);
    AtomicLong clock = new AtomicLong();
    try (StubS3 store = new StubS3();
        ReferencedImages source =
            new ReferencedImages(
                stream.config(store.settings("", "photos")).images(),
                stream.clients(),
                stream.topics(),
                stream.serdes(),
                Preprocessing.usual(SIZE),
                LONG,
                meters,
                clock::get)) {
      store.put("photos", "a.png", png);
      store.put("photos", "broken.png", exchange -> StubS3.send(exchange, 500, new byte[0]));
      List<BatchSample> alone =
          List.of(sample("broken", 0, 0, "s3://photos/broken.png", sha256(png)));
      List<BatchSample> both =
          List.of(alone.get(0), sample("there", 0, 0, "s3://photos/a.png", sha256(png)));
      for (int i = 0; i < 10; i++) {
        clock.addAndGet(Duration.ofSeconds(15).toNanos());
        assertThatThrownBy(() -> source.pixels(alone))
            .isInstanceOf(PlaceUnavailableException.class);
      }
      for (int i = 0; i < ObjectFailures.TRIES - 1; i++) {
        clock.addAndGet(Duration.ofSeconds(15).toNanos());
        assertThatThrownBy(() -> source.pixels(both)).isInstanceOf(PlaceUnavailableException.class);
      }
      clock.addAndGet(Duration.ofSeconds(15).toNanos());
      assertThat(source.pixels(both)).containsExactly(null, preprocessor.pixels(png));
      assertThat(gone(Gone.UNREADABLE)).isEqualTo(1);

      store.put("photos", "broken.png", png);
      assertThat(source.pixels(alone)).containsExactly(preprocessor.pixels(png));
    }
  }

  @Test
  void whatRetentionRemovedIsGoneAndTheRestIsNot() throws Exception {
    List<BatchSample> samples = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      samples.add(sent("image-" + i, png(i)));
    }
    int partition = samples.get(0).getImage().getPartition();
    List<BatchSample> there =
        samples.stream().filter(sample -> sample.getImage().getPartition() == partition).toList();
    assertThat(there).hasSizeGreaterThan(3);
    // The source has a consumer by now, which has seen the topic as it was before.
    assertThat(images.pixels(samples)).doesNotContainNull();

    deleteBefore(partition, there.get(2).getImage().getOffset());

    List<byte[]> pixels = images.pixels(samples);
    for (int i = 0; i < samples.size(); i++) {
      int place = there.indexOf(samples.get(i));
      assertThat(pixels.get(i) == null).isEqualTo(place == 0 || place == 1);
    }
    assertThat(gone(Gone.EXPIRED)).isEqualTo(2);
    assertThat(goneInAll()).isEqualTo(2);
  }

  @Test
  void aRecordThatIsNotWhatWasSeenIsGoneForItsOwnReason() throws Exception {
    byte[] png = png(1);
    byte[] text = "no image".getBytes();
    BatchSample good = sent("good", png);
    String topic = stream.topics().images();
    RecordMetadata tombstone = stream.sendRaw(topic, "t".getBytes(), null);
    RecordMetadata noEvent = stream.sendRaw(topic, "n".getBytes(), text);
    RecordMetadata named =
        stream.send(
            topic,
            "u",
            ImageEvent.newBuilder().setUri("file:///x").setSha256(sha256(png)).build(),
            stream.serdes().images());
    BatchSample other = sent("other", png(2));
    BatchSample noImage = sent("no image", text);

    List<byte[]> pixels =
        images.pixels(
            List.of(
                sample("t", tombstone.partition(), tombstone.offset(), null, sha256(png)),
                sample("n", noEvent.partition(), noEvent.offset(), null, sha256(text)),
                sample("u", named.partition(), named.offset(), null, sha256(png)),
                sample(
                    "other",
                    other.getImage().getPartition(),
                    other.getImage().getOffset(),
                    null,
                    sha256(png)),
                noImage,
                sample("beyond", 0, 1_000_000, null, sha256(png)),
                sample("before", 0, -1, null, sha256(png)),
                sample("partition", 17, 0, null, sha256(png)),
                new BatchSample(
                    "elsewhere",
                    new ImageReference(stream.topics().tasks(), 0, 0L, null, sha256(png)),
                    ByteBuffer.allocate(2),
                    null),
                good));

    assertThat(pixels.subList(0, 9)).containsOnlyNulls();
    assertThat(pixels.get(9)).isEqualTo(preprocessor.pixels(png));
    assertThat(gone(Gone.MISSING)).isEqualTo(5);
    assertThat(gone(Gone.CHANGED)).isEqualTo(2);
    assertThat(gone(Gone.UNDECODABLE)).isEqualTo(2);
    assertThat(goneInAll()).isEqualTo(9);
  }

  @Test
  void brokersThatDoNotAnswerMakeNoImageGone() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0);
        ReferencedImages source = source(deaf(deaf), Duration.ofMillis(500))) {
      assertThatThrownBy(() -> source.pixels(List.of(sample("x", 0, 0, null, sha256(png(1))))))
          .isInstanceOf(TimeoutException.class)
          .hasMessageContaining("1 records could not be read within");
    }
    assertThat(goneInAll()).isZero();
  }

  @Test
  void aReadingCanBeInterrupted() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0);
        ReferencedImages source = source(deaf(deaf), Duration.ofMinutes(10))) {
      assertThat(ended(source, Thread::interrupt)).isInstanceOf(InterruptedException.class);
    }
    assertThat(goneInAll()).isZero();
  }

  @Test
  void aReadingEndsWithItsSource() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0)) {
      ReferencedImages source = source(deaf(deaf), Duration.ofMinutes(10));
      assertThat(ended(source, thread -> source.close())).isInstanceOf(IllegalStateException.class);
    }
  }

  /** What ends a reading that would last, when something is done to it or its thread. */
  private Throwable ended(ReferencedImages source, Consumer<Thread> deed) throws Exception {
    List<BatchSample> samples = List.of(sample("x", 0, 0, null, sha256(png(1))));
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                source.pixels(samples);
                end.complete(null);
              } catch (InterruptedException | RuntimeException e) {
                end.complete(e);
              }
            });
    thread.start();
    await()
        .atMost(LONG)
        .until(
            () ->
                List.of(thread.getStackTrace()).stream()
                    .anyMatch(frame -> frame.getClassName().contains("KafkaConsumer")));
    deed.accept(thread);
    return end.get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  private ReferencedImages source(KafkaClients clients, Duration timeout) {
    return source(
        stream.config(
            Map.of(
                "images.allowed-schemes",
                "file",
                "images.file-root",
                folder.resolve("root").toString())),
        clients,
        timeout);
  }

  private ReferencedImages source(GripstreamConfig config, KafkaClients clients, Duration timeout) {
    return new ReferencedImages(
        config.images(),
        clients,
        stream.topics(),
        stream.serdes(),
        Preprocessing.usual(SIZE),
        timeout,
        meters);
  }

  /** Of brokers that take a connection and say nothing. */
  private static KafkaClients deaf(ServerSocket socket) {
    return new KafkaClients(
        "localhost:" + socket.getLocalPort(), Map.of("request.timeout.ms", "2000"));
  }

  private BatchSample sent(String id, byte[] content) {
    RecordMetadata place =
        stream.send(
            stream.topics().images(),
            id,
            ImageEvent.newBuilder().setContent(ByteBuffer.wrap(content)).build(),
            stream.serdes().images());
    return sample(id, place.partition(), place.offset(), null, sha256(content));
  }

  private BatchSample sample(String id, int partition, long offset, String uri, String sha256) {
    return new BatchSample(
        id,
        new ImageReference(stream.topics().images(), partition, offset, uri, sha256),
        ByteBuffer.allocate(2),
        null);
  }

  private void deleteBefore(int partition, long offset) throws Exception {
    try (Admin admin = stream.clients().admin()) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(stream.topics().images(), partition),
                  RecordsToDelete.beforeOffset(offset)))
          .all()
          .get();
    }
  }

  private double gone(Gone reason) {
    return meters
        .get("gripstream.refiner.images.gone")
        .tag("reason", reason.label())
        .counter()
        .count();
  }

  private double goneInAll() {
    return meters.get("gripstream.refiner.images.gone").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] png(int seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(12, 9, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 9; y++) {
      for (int x = 0; x < 12; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
