package io.gripstream.image;

import io.gripstream.image.RejectedImageException.Why;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Reads encoded images from where events say they are. Every read is bounded in size, and in time
 * as a whole: a host that sends a byte a second holds nothing up. Redirects are not followed, since
 * they would lead around the allow-list.
 */
final class ImageFetcher implements AutoCloseable {
  private final ImagePlaces places;
  private final int maxBytes;
  private final Duration timeout;
  private final Executor fileReads;
  private final HttpClient http;
  private final S3Store s3;

  /** Those that are being read: nobody can end that, so one that hangs is not begun with twice. */
  private final Map<URI, CompletableFuture<byte[]>> files = new ConcurrentHashMap<>();

  /** What it means when a server gives no image: an exception fit for a dead letter, or another. */
  interface Failures {
    /**
     * @param body of the answer; null: it is too long to be read
     */
    Exception answered(int status, byte[] body);

    /** No answer, or not all of it. */
    Exception unanswered(String why, Throwable cause);
  }

  private static final Failures OF_HTTP =
      new Failures() {
        @Override
        public Exception answered(int status, byte[] body) {
          return new RejectedImageException(Why.UNREADABLE, "the server answered " + status);
        }

        @Override
        public Exception unanswered(String why, Throwable cause) {
          return new RejectedImageException(Why.UNREADABLE, why, cause);
        }
      };

  /**
   * @param s3 closed with this
   * @param maxBytes the largest encoded image
   * @param timeout how long one image may take, from connecting to the last byte
   * @param fileReads runs the reading of files
   */
  ImageFetcher(ImagePlaces places, S3Store s3, int maxBytes, Duration timeout, Executor fileReads) {
    this.places = places;
    this.s3 = s3;
    this.maxBytes = maxBytes;
    this.timeout = timeout;
    this.fileReads = fileReads;
    this.http =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout)
            .build();
  }

  /**
   * The bytes; fails with a {@link RejectedImageException} when they are not to be had, and with a
   * {@link PlaceUnavailableException} when their store or file system does not answer now.
   */
  CompletableFuture<byte[]> fetch(String text) {
    URI uri;
    try {
      uri = places.check(text);
    } catch (RejectedImageException e) {
      return CompletableFuture.failedFuture(e);
    }
    return switch (uri.getScheme().toLowerCase(Locale.ROOT)) {
      case "file" -> file(uri);
      case "s3" -> s3.get(uri).thenCompose(request -> download(request, new S3Store.NoObject(uri)));
      default -> download(HttpRequest.newBuilder(uri), OF_HTTP);
    };
  }

  private CompletableFuture<byte[]> file(URI uri) {
    CompletableFuture<byte[]> reading =
        files.computeIfAbsent(
            uri,
            any ->
                CompletableFuture.supplyAsync(
                    () -> {
                      try {
                        return readFile(uri);
                      } catch (RejectedImageException e) {
                        throw new CompletionException(e);
                      } finally {
                        files.remove(uri);
                      }
                    },
                    fileReads));
    return reading
        .copy()
        .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    failure instanceof TimeoutException
                        ? new PlaceUnavailableException(
                            "the file %s has not been read within %s".formatted(uri, timeout))
                        : failure));
  }

  private byte[] readFile(URI uri) throws RejectedImageException {
    try {
      Path root = places.fileRoot().orElseThrow().toRealPath();
      // Real paths are compared, so neither ".." nor a link on the way leads out of the root.
      Path file = Path.of(uri).toRealPath();
      if (!file.startsWith(root)) {
        throw new RejectedImageException(
            Why.UNREADABLE, "the file is not in the folder that is allowed");
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new RejectedImageException(Why.UNREADABLE, "not a regular file");
      }
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        byte[] bytes = in.readNBytes(Math.addExact(maxBytes, 1));
        if (bytes.length > maxBytes) {
          throw new RejectedImageException(Why.UNREADABLE, tooLarge(maxBytes));
        }
        return bytes;
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new RejectedImageException(Why.UNREADABLE, "the file cannot be read: " + e, e);
    }
  }

  private CompletableFuture<byte[]> download(HttpRequest.Builder request, Failures failures) {
    AtomicBoolean answers = new AtomicBoolean();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(
            request.timeout(timeout).GET().build(),
            head -> {
              answers.set(head.statusCode() == 200);
              return new BoundedBody(bound(head));
            });
    return exchange
        .copy()
        // The request's own timeout ends with the response's head.
        .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (response, failure) -> {
              if (failure instanceof TimeoutException) {
                exchange.cancel(true);
                String why = "not read within " + timeout;
                // An image that is slow is refused wherever it is: it must not hold up the others.
                throw new CompletionException(
                    (answers.get() ? OF_HTTP : failures).unanswered(why, failure));
              }
              if (failure != null) {
                Throwable cause =
                    failure instanceof CompletionException ? failure.getCause() : failure;
                throw new CompletionException(
                    failures.unanswered("cannot be read: " + cause, cause));
              }
              if (response.statusCode() != 200) {
                throw new CompletionException(
                    failures.answered(response.statusCode(), response.body()));
              }
              if (response.body() == null) {
                throw new CompletionException(
                    new RejectedImageException(Why.UNREADABLE, tooLarge(maxBytes)));
              }
              return response.body();
            });
  }

  /** How much of a body is read: nothing of an image that says itself that it is too large. */
  private int bound(HttpResponse.ResponseInfo head) {
    if (head.statusCode() != 200) {
      return S3Store.ERROR_BYTES;
    }
    return head.headers().firstValueAsLong("Content-Length").orElse(0) > maxBytes ? 0 : maxBytes;
  }

  static String tooLarge(int maxBytes) {
    return "the encoded image is larger than %d bytes".formatted(maxBytes);
  }

  @Override
  public void close() {
    s3.close();
  }
}
