package io.gripstream.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Asks a running gateway. What it refuses, with its reason, is a {@link CommandFailure}. */
final class RestClient {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(2);
  private static final int LONGEST_PROBLEM = 1 << 16;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();
  private final URI gateway;
  private final Optional<String> key;

  /**
   * @param key what the gateway lets in
   */
  RestClient(URI gateway, Optional<String> key) {
    this.gateway = gateway;
    this.key = key;
  }

  /**
   * What was asked for.
   *
   * @param body the caller's to close
   */
  record Answer(HttpResponse<InputStream> response) {
    InputStream body() {
      return response.body();
    }

    /** A header; 0 where there is none. */
    long number(String header) {
      return response.headers().firstValueAsLong(header).orElse(0);
    }
  }

  Answer get(String path) throws IOException {
    return new Answer(send(request(path).GET().build()));
  }

  JsonNode post(String path, String mediaType, Path file) throws IOException {
    HttpRequest request =
        request(path)
            .header("Content-Type", mediaType)
            .POST(HttpRequest.BodyPublishers.ofFile(file))
            .build();
    try (InputStream body = send(request).body()) {
      return JSON.readTree(body);
    }
  }

  /** A step of a path. */
  static String encoded(String step) {
    return URLEncoder.encode(step, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpRequest.Builder request(String path) {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(gateway.resolve(path)).timeout(ANSWER_TIMEOUT);
      key.ifPresent(word -> request.header("Authorization", "Bearer " + word));
      return request;
    } catch (IllegalArgumentException e) {
      throw new CommandFailure("--gateway: %s is no http or https URL".formatted(gateway), e);
    }
  }

  private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
    HttpResponse<InputStream> response;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new CommandFailure("there is no answer from " + gateway, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking " + gateway);
    }
    if (response.statusCode() / 100 == 2) {
      return response;
    }
    try (InputStream body = response.body()) {
      throw new CommandFailure(reason(response.statusCode(), body.readNBytes(LONGEST_PROBLEM)));
    }
  }

  private String reason(int status, byte[] body) {
    try {
      JsonNode problem = JSON.readTree(body);
      String detail = problem.path("detail").asText();
      StringBuilder reason = new StringBuilder(detail.isEmpty() ? "status " + status : detail);
      problem.path("errors").forEach(error -> reason.append("; ").append(error.asText()));
      return reason.toString();
    } catch (JsonProcessingException e) {
      return "%s answers with status %d".formatted(gateway, status);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory", e);
    }
  }
}
