package io.gripstream.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Tells the page what is in the images, so that it can draw accuracy. The page alone: no topic and
 * no role hears of it. Truth is gathered and posted in the background, one request at a time. Not
 * thread-safe.
 */
final class Scoreboard {
  /** A page that does not answer must not make this grow without end. */
  private static final int MOST_GATHERED = 5_000;

  private final HttpClient http;
  private final URI uri;
  private final ObjectMapper mapper = new ObjectMapper();
  private ArrayNode gathered = mapper.createArrayNode();
  private ArrayNode posted;
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
   * Posts what was gathered, unless the last post is still under way. What a failed post carried is
   * gathered again.
   *
   * @throws CommandFailure when the last post failed
   */
  void post() {
    if (underWay != null && !underWay.isDone()) {
      return;
    }
    try {
      settle();
    } finally {
      underWay = null;
    }
    if (!gathered.isEmpty()) {
      posted = gathered;
      gathered = mapper.createArrayNode();
      underWay = http.sendAsync(request(posted), HttpResponse.BodyHandlers.ofString());
    }
  }

  private void settle() {
    if (underWay == null) {
      return;
    }
    String reason;
    Throwable cause = null;
    try {
      HttpResponse<String> response = underWay.join();
      if (response.statusCode() / 100 == 2) {
        return;
      }
      reason = "status %d, %s".formatted(response.statusCode(), response.body());
    } catch (CompletionException e) {
      cause = e.getCause();
      reason = "no answer";
    }
    gathered = posted.addAll(gathered);
    throw new CommandFailure(
        "the page does not take the truth at %s: %s".formatted(uri, reason), cause);
  }

  private HttpRequest request(ArrayNode truths) {
    try {
      return HttpRequest.newBuilder(uri)
          .header("Content-Type", "application/json")
          .timeout(Duration.ofSeconds(10))
          .POST(HttpRequest.BodyPublishers.ofByteArray(mapper.writeValueAsBytes(truths)))
          .build();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
