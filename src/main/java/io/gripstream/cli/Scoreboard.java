package io.gripstream.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Tells the page what is in the images, so that it can draw accuracy. The page alone: no topic and
 * no role hears of it. Truth is gathered and posted in the background, one request at a time. Not
 * thread-safe.
 */
final class Scoreboard {
  /** A page that does not answer must not make this grow without end. */
  private static final int MOST_GATHERED = 10_000;

  private final HttpClient http;
  private final URI uri;
  private final ObjectMapper mapper = new ObjectMapper();
  private ArrayNode gathered = mapper.createArrayNode();
  private CompletableFuture<HttpResponse<String>> underWay;

  Scoreboard(HttpClient http, URI gateway, String task) {
    this.http = http;
    this.uri =
        gateway.resolve(
            "/api/scoreboard/"
                + URLEncoder.encode(task, StandardCharsets.UTF_8).replace("+", "%20"));
  }

  void add(String imageId, String label) {
    if (gathered.size() < MOST_GATHERED) {
      gathered.addObject().put("imageId", imageId).put("label", label);
    }
  }

  /**
   * Posts what was gathered, unless the last post is still under way.
   *
   * @throws CommandFailure when the last post failed
   */
  void post() {
    if (underWay != null && underWay.isDone()) {
      HttpResponse<String> response;
      try {
        response = underWay.join();
      } catch (RuntimeException e) {
        throw new CommandFailure("the page does not take the truth at " + uri, e.getCause());
      } finally {
        underWay = null;
      }
      if (response.statusCode() / 100 != 2) {
        throw new CommandFailure(
            "the page does not take the truth at %s: status %d, %s"
                .formatted(uri, response.statusCode(), response.body()));
      }
    }
    if (underWay == null && !gathered.isEmpty()) {
      try {
        underWay =
            http.sendAsync(
                HttpRequest.newBuilder(uri)
                    .header("Content-Type", "application/json")
                    .timeout(Duration.ofSeconds(10))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(mapper.writeValueAsBytes(gathered)))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      gathered = mapper.createArrayNode();
    }
  }
}
