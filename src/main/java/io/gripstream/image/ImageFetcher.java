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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads encoded images from where events say they are. Every read is bounded in size, and over the
 * network in time as a whole: a host that sends a byte a second holds nothing up. Redirects are not
 * followed, since they would lead around the allow-list.
 */
final class ImageFetcher {
  private final ImagePlaces places;
  private final int maxBytes;
  private final Duration timeout;
  private final Executor fileReads;
  private final HttpClient http;

  /**
   * @param maxBytes the largest encoded image
   * @param timeout how long one image may take, from connecting to the last byte
   * @param fileReads runs the reading of files
   */
  ImageFetcher(ImagePlaces places, int maxBytes, Duration timeout, Executor fileReads) {
    this.places = places;
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

  /** The bytes; fails with a {@link RejectedImageException} when they are not to be had. */
  CompletableFuture<byte[]> fetch(String text) {
    URI uri;
    try {
      uri = places.check(text);
    } catch (RejectedImageException e) {
      return CompletableFuture.failedFuture(e);
    }
    if (uri.getScheme().equalsIgnoreCase("file")) {
      return CompletableFuture.supplyAsync(
          () -> {
            try {
              return readFile(uri);
            } catch (RejectedImageException e) {
              throw new CompletionException(e);
            }
          },
          fileReads);
    }
    return download(uri);
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

  private CompletableFuture<byte[]> download(URI uri) {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(timeout).GET().build();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, head -> new BoundedBody(head.statusCode() == 200 ? maxBytes : 0));
    return exchange
        .copy()
        // The request's own timeout ends with the response's head.
        .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (response, failure) -> {
              if (failure instanceof TimeoutException) {
                exchange.cancel(true);
                throw rejected("not read within " + timeout, failure);
              }
              if (failure != null) {
                Throwable cause =
                    failure instanceof CompletionException ? failure.getCause() : failure;
                throw rejected("cannot be read: " + cause, cause);
              }
              if (response.statusCode() != 200) {
                throw rejected("the server answered " + response.statusCode(), null);
              }
              if (response.body() == null) {
                throw rejected(tooLarge(maxBytes), null);
              }
              return response.body();
            });
  }

  static String tooLarge(int maxBytes) {
    return "the encoded image is larger than %d bytes".formatted(maxBytes);
  }

  private static CompletionException rejected(String reason, Throwable cause) {
    return new CompletionException(new RejectedImageException(Why.UNREADABLE, reason, cause));
  }
}
