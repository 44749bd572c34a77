package io.gripstream.wiring;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.Float16;
import io.gripstream.clip.FloatTensor;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.Sample;
import io.gripstream.event.Strategy;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.kafka.BrokerResource;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.refine.ImageSource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/**
 * The two roles that run the model, as one application with a real model and a real broker. The
 * test is the curator: what it promotes is live, what it closes is a batch.
 */
@QuarkusTest
@TestProfile(ModelRolesTest.ModelRoles.class)
class ModelRolesTest {
  private static final Duration LONG = Duration.ofSeconds(90);
  private static final int IMAGES = 120;

  @Inject Topics topics;
  @Inject KafkaClients clients;
  @Inject SchemaRegistry registry;
  @Inject ClipModel model;
  @Inject ImageSource images;

  /** Labeler and refiner, the model drawn. */
  public static final class ModelRoles implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "gripstream.roles", "labeler,refiner",
          "gripstream.kafka.partitions", "2",
          "quarkus.http.test-port", "0");
    }

    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(
          new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", "model-roles.")),
          new TestResourceEntry(DrawnModelResource.class));
    }
  }

  @Test
  void imagesBecomeSamplesAndSamplesBecomeACandidateThatTheSameBatchMakesAgainBitForBit()
      throws IOException, InterruptedException {
    // Not closed: its registry is the application's.
    TestStream stream = new TestStream(topics, clients, registry);
    TaskDefinition definition =
        TaskDefinition.newBuilder()
            .setStrategy(Strategy.GRIP)
            .setClasses(List.of("cat", "dog", "zebra"))
            .setTraining(
                Training.newBuilder()
                    .setRounds(1)
                    .setContextLength(4)
                    .setEpochs(3)
                    .setWarmUpEpochs(1)
                    .build())
            .build();
    try (var zeroShots = stream.tail(topics.zeroShots(), stream.serdes().candidates());
        var candidates = stream.tail(topics.candidates(), stream.serdes().candidates());
        var predictions = stream.tail(topics.predictions(), stream.serdes().predictions());
        var samples = stream.tail(topics.samples(), stream.serdes().samples())) {
      await()
          .atMost(LONG)
          .untilAsserted(() -> given().get("/q/health/ready").then().body("status", equalTo("UP")));

      stream.send(topics.tasks(), "pets", definition, stream.serdes().tasks());
      await().atMost(LONG).until(() -> zeroShots.values().size() == 1);
      PromptVersion zeroShot = zeroShots.values().get(0);
      assertThat(zeroShot.getVersion()).isZero();
      assertThat(zeroShot.getModelId()).isEqualTo(model.id());

      // As the curator does, which is not here: a labeler serves what it has seen made.
      stream.send(topics.candidates(), "pets/0", zeroShot, stream.serdes().candidates());
      stream.send(topics.prompts(), "pets", zeroShot, stream.serdes().prompts());
      Random random = new Random(5);
      for (int i = 0; i < IMAGES; i++) {
        ImageEvent image =
            ImageEvent.newBuilder()
                .setContent(ByteBuffer.wrap(noise(random)))
                .setTasks(List.of("pets"))
                .build();
        stream.send(topics.images(), "image-" + i, image, stream.serdes().images());
      }
      await().atMost(LONG).until(() -> samples.values().size() == IMAGES);
      await().atMost(LONG).until(() -> predictions.values().size() >= IMAGES);
      assertThat(predictions.values())
          .hasSize(IMAGES)
          .allSatisfy(
              prediction -> {
                assertThat(prediction.getPromptDigest()).isEqualTo(zeroShot.getDigest());
                assertThat(prediction.getLabels().get(0)).isEqualTo(prediction.getZeroShot());
              });

      RefinementBatch batch = batch(definition, zeroShot, samples.values());
      readAgain(batch.getSamples());
      stream.send(topics.batches(), "pets", batch, stream.serdes().batches());
      stream.send(topics.batches(), "pets", batch, stream.serdes().batches());
      await().atMost(LONG).until(() -> candidates.values().size() == 3);
      PromptVersion trained = candidates.values().get(1);
      assertThat(trained.getVersion()).isEqualTo(1);
      assertThat(trained.getTensors()).containsKey("context");
      assertThat(candidates.values().get(2)).isEqualTo(trained);

      stream.send(topics.prompts(), "pets", trained, stream.serdes().prompts());
      ImageEvent last = ImageEvent.newBuilder().setContent(ByteBuffer.wrap(noise(random))).build();
      await()
          .atMost(LONG)
          .until(
              () -> {
                stream.send(topics.images(), "last", last, stream.serdes().images());
                List<Prediction> all = predictions.values();
                return all.get(all.size() - 1).getPromptDigest().equals(trained.getDigest());
              });
    }
  }

  /** The refiner sees what the labeler saw. */
  private void readAgain(List<BatchSample> samples) throws InterruptedException {
    List<byte[]> pixels = images.pixels(samples);
    assertThat(pixels).hasSize(IMAGES).doesNotContainNull();
    FloatTensor features = model.encodeImages(pixels);
    for (int i = 0; i < IMAGES; i++) {
      assertThat(features.row(i))
          .containsExactly(Float16.decode(samples.get(i).getFeature()), within(2e-3f));
    }
  }

  private static RefinementBatch batch(
      TaskDefinition definition, PromptVersion base, List<Sample> samples) {
    return RefinementBatch.newBuilder()
        .setTask("pets")
        .setRound(1)
        .setVersion(1)
        .setChunk(0)
        .setChunks(1)
        .setClosedAt(Instant.EPOCH)
        .setDefinition(definition)
        .setBase(base)
        .setSamples(
            samples.stream()
                .sorted(Comparator.comparing(Sample::getImageId))
                .map(
                    sample ->
                        new BatchSample(
                            sample.getImageId(), sample.getImage(), sample.getFeature(), null))
                .toList())
        .build();
  }

  private static byte[] noise(Random random) throws IOException {
    BufferedImage image = new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB);
    int colour = random.nextInt();
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 40; x++) {
        image.setRGB(x, y, colour ^ random.nextInt(1 << 24) & 0x3f3f3f);
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}
