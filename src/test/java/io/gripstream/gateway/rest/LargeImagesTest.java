package io.gripstream.gateway.rest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.gateway.Strokes;
import io.gripstream.kafka.BrokerResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One key says how large an image may be, for whoever takes it in or hands it on. */
@QuarkusTest
@TestProfile(LargeImagesTest.Large.class)
class LargeImagesTest {
  private static final int LARGEST = 20 << 20;

  /** Larger than by default. */
  public static final class Large implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "gripstream.roles", "gateway", "gripstream.images.max-bytes", Integer.toString(LARGEST));
    }

    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(
          new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", "large-test.")));
    }
  }

  @TestHTTPResource("/api/images")
  URI images;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void anImageOfTheConfiguredSizeGoesInAndComesOutAndALargerOneIsRefused() throws Exception {
    byte[] image = new byte[LARGEST];
    byte[] png = Strokes.png(1, new Random(1));
    System.arraycopy(png, 0, image, 0, png.length);
    HttpResponse<String> taken =
        http.send(
            HttpRequest.newBuilder(images)
                .header("Content-Type", "image/png")
                .POST(BodyPublishers.ofByteArray(image))
                .build(),
            BodyHandlers.ofString());
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(202);
    JsonPath at = JsonPath.from(taken.body());
    URI record = URI.create(images + "/" + at.getInt("partition") + "/" + at.getLong("offset"));
    HttpResponse<byte[]> read =
        http.send(HttpRequest.newBuilder(record).build(), BodyHandlers.ofByteArray());
    assertThat(Arrays.equals(read.body(), image)).isTrue();

    assertThat(answerToTheHeadOf(LARGEST + 1))
        .startsWith("HTTP/1.1 413 ")
        .contains("an image may have at most " + LARGEST + " bytes");
  }

  /**
   * The server answers before it reads the body, which would break off what an ordinary client
   * sends.
   */
  private String answerToTheHeadOf(int length) throws IOException {
    try (Socket socket = new Socket(images.getHost(), images.getPort())) {
      String head =
          "POST /api/images HTTP/1.1\r\n"
              + "Host: localhost\r\n"
              + "Content-Type: image/png\r\n"
              + "Content-Length: %d\r\n\r\n";
      socket.getOutputStream().write(head.formatted(length).getBytes(US_ASCII));
      StringBuilder answer = new StringBuilder();
      int next;
      // The problem's end: the connection stays open for the body, which never comes.
      while ((next = socket.getInputStream().read()) >= 0 && next != '}') {
        answer.append((char) next);
      }
      return answer.toString();
    }
  }
}
