package io.gripstream.model;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Flow;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One GET at a hub up to the response's head, redirects followed.
 *
 * @param response its body has to be subscribed to, whatever it is
 * @param linked what the hub itself says of the file, whoever sends its bytes in the end
 */
record Exchange(HttpResponse<Flow.Publisher<List<ByteBuffer>>> response, Linked linked) {
  private static final Pattern STRONG_ETAG = Pattern.compile("\"[\\x21\\x23-\\x7e]{1,256}\"");
  private static final Pattern SHA256 = Pattern.compile("\"?([0-9a-f]{64})\"?");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

  /**
   * What hubs say of a file in their own headers.
   *
   * @param sha256 of the content
   * @param size in bytes
   * @param commit which the revision stands for
   */
  record Linked(Optional<String> sha256, OptionalLong size, Optional<String> commit) {}

  /**
   * The part of a file that a response has.
   *
   * @param from the first byte
   * @param total the file's size; -1: not given
   */
  record Extent(long from, long total) {}

  /**
   * @param from the first byte that is wanted
   * @param etag the version that the bytes before it are of
   * @param token is sent to the hub itself and nobody else, and to it over the network only in
   *     https
   * @param timeout how long each response's head may take
   * @throws RefusedException when a redirect leads where it may not
   */
  static Exchange get(
      HttpClient http, URI hub, long from, String etag, Optional<String> token, Duration timeout)
      throws IOException {
    Optional<String> secret =
        token.filter(any -> hub.getScheme().equalsIgnoreCase("https") || Redirects.isLoopback(hub));
    Optional<String> sha256 = Optional.empty();
    OptionalLong size = OptionalLong.empty();
    Optional<String> commit = Optional.empty();
    URI at = hub;
    for (int i = 0; i <= Redirects.MOST; i++) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(at)
              .timeout(timeout)
              .header("Accept-Encoding", "identity")
              .header("User-Agent", "gripstream")
              .GET();
      if (secret.isPresent() && Redirects.sameOrigin(hub, at)) {
        request.header("Authorization", "Bearer " + secret.get());
      }
      if (from > 0) {
        request.header("Range", "bytes=" + from + "-").header("If-Range", etag);
      }
      HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send(http, request.build());
      if (Redirects.sameHost(hub, at)) {
        sha256 = sha256.or(() -> first(response, "X-Linked-ETag", SHA256));
        if (size.isEmpty()) {
          size = number(response, "X-Linked-Size");
        }
        commit = commit.or(() -> first(response, "X-Repo-Commit", COMMIT));
      }
      if (!redirects(response.statusCode())) {
        if (Redirects.sameHost(hub, at) && ok(response.statusCode())) {
          // Only the hub's own: what others put into an ETag may be a digest of something else.
          sha256 = sha256.or(() -> first(response, "ETag", SHA256));
        }
        return new Exchange(response, new Linked(sha256, size, commit));
      }
      response.body().subscribe(new PartBody.Unread());
      at = Redirects.follow(at, response.headers().firstValue("Location"));
    }
    throw new RefusedException(
        Redirects.shown(hub) + " redirects more than " + Redirects.MOST + " times");
  }

  private static HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(
      HttpClient http, HttpRequest request) throws IOException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofPublisher());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (IOException e) {
      throw new IOException("no answer from " + Redirects.shown(request.uri()), e);
    }
  }

  private static boolean redirects(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static boolean ok(int status) {
    return status == 200 || status == 206;
  }

  private static Optional<String> first(HttpResponse<?> response, String header, Pattern form) {
    return response
        .headers()
        .firstValue(header)
        .map(form::matcher)
        .filter(Matcher::matches)
        .map(found -> found.groupCount() == 0 ? found.group() : found.group(1));
  }

  private static OptionalLong number(HttpResponse<?> response, String header) {
    return first(response, header, NUMBER).stream().mapToLong(Long::parseLong).findFirst();
  }

  int status() {
    return response.statusCode();
  }

  /** The version of the bytes that come; empty when bytes cannot be compared by it. */
  String etag() {
    return first(response, "ETag", STRONG_ETAG).orElse("");
  }

  /**
   * @throws RefusedException when the response is part of a file, and does not say which
   */
  Extent extent() throws RefusedException {
    if (status() == 200) {
      return new Extent(0, number(response, "Content-Length").orElse(-1));
    }
    Matcher range = RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
    if (!range.matches()) {
      throw new RefusedException("the server sends a part of it and does not say which");
    }
    return new Extent(Long.parseLong(range.group(1)), Long.parseLong(range.group(3)));
  }

  /** Whether the bytes are the file's own, rather than packed. */
  boolean plain() {
    return response
        .headers()
        .firstValue("Content-Encoding")
        .map(coding -> coding.equalsIgnoreCase("identity"))
        .orElse(true);
  }

  /** Takes nothing of the body. */
  void leave() {
    response.body().subscribe(new PartBody.Unread());
  }

  void read(PartBody into) {
    response.body().subscribe(into);
  }
}
