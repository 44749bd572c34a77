package io.gripstream.image;

import io.gripstream.GripstreamConfig;
import io.gripstream.clip.Digests;
import io.gripstream.clip.Preprocessing;
import io.gripstream.clip.Preprocessor;
import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.ImageEvent;
import io.gripstream.image.RejectedImageException.Why;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * From an image event to what the image tower takes: fetches, checks and decodes, many images at a
 * time. Thread-safe.
 */
public final class ImageReader implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ImageReader.class);

  /** Scheme and authority of a URI; what is none is refused without asking anybody. */
  private static final Pattern PLACE = Pattern.compile("([^:/?#]+:)(//[^/?#]*)?.*");

  /** Files that are read at once. More would not make one disk faster. */
  private static final int FILES = 8;

  private final ImageFetcher fetcher;
  private final Preprocessor preprocessor;
  private final int maxBytes;
  private final ThreadPoolExecutor waiting;
  private final Executor workers;
  private final Consumer<Duration> decoded;

  /**
   * @param config where images may be, how large and how slow
   * @param preprocessing what the model takes
   * @param workers runs what takes computing; the caller's to end
   */
  public ImageReader(
      GripstreamConfig.Images config, Preprocessing preprocessing, Executor workers) {
    this(config, preprocessing, workers, took -> {});
  }

  /**
   * The same for who wants to know how long images take.
   *
   * @param decoded hears, in the workers' threads, what it took from an image's bytes to its
   *     pixels, or to finding out that there are none
   */
  public ImageReader(
      GripstreamConfig.Images config,
      Preprocessing preprocessing,
      Executor workers,
      Consumer<Duration> decoded) {
    // A file system of another machine may not answer for hours: no other image waits for it.
    this.waiting =
        new ThreadPoolExecutor(
            FILES, FILES, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), ImageReader::waiting);
    waiting.allowCoreThreadTimeOut(true);
    this.fetcher =
        new ImageFetcher(
            new ImagePlaces(config),
            new S3Store(config.s3(), config.timeout(), waiting),
            config.maxBytes(),
            config.timeout(),
            waiting);
    this.preprocessor = new Preprocessor(preprocessing);
    this.maxBytes = config.maxBytes();
    this.workers = workers;
    this.decoded = decoded;
  }

  /**
   * An image that was read.
   *
   * @param pixels {@code [S, S, 3]} bytes, RGB
   * @param sha256 of the encoded bytes, in lower-case hexadecimal
   */
  public record Image(byte[] pixels, String sha256) {}

  /**
   * An image on its way from a place.
   *
   * @param answered done, and never failed, when the place has sent the bytes or will not
   * @param image see {@link #await}
   */
  public record Reading(CompletableFuture<?> answered, CompletableFuture<Image> image) {}

  /** Begins to read the image that an event names. */
  public Reading begin(ImageEvent event) {
    CompletableFuture<byte[]> encoded = fetcher.fetch(event.getUri());
    return new Reading(
        encoded.handle((bytes, failure) -> null), decode(encoded, event.getSha256()));
  }

  /** The image that an event carries or names; see {@link #await}. */
  public CompletableFuture<Image> read(ImageEvent event) {
    return read(event, event.getSha256());
  }

  /**
   * The image that an event carries or names, if it still is the one that was seen before.
   *
   * @param sha256 of the encoded bytes, in lower-case hexadecimal; null: any will do
   */
  public CompletableFuture<Image> read(ImageEvent event, String sha256) {
    return event.getContent() == null
        ? read(event.getUri(), sha256)
        : decode(CompletableFuture.completedFuture(bytes(event.getContent())), sha256);
  }

  /** The image at a place, if it is the one that the place was named for; as above. */
  public CompletableFuture<Image> read(String uri, String sha256) {
    return decode(fetcher.fetch(uri), sha256);
  }

  /**
   * Waits for an image.
   *
   * @throws RejectedImageException when there is none
   * @throws PlaceUnavailableException when its place does not answer now
   */
  public static Image await(CompletableFuture<Image> image)
      throws RejectedImageException, InterruptedException {
    try {
      return image.get();
    } catch (ExecutionException e) {
      Throwable cause = cause(e.getCause());
      if (cause instanceof RejectedImageException rejected) {
        throw rejected;
      }
      if (cause instanceof PlaceUnavailableException away) {
        throw away;
      }
      throw new IllegalStateException("reading an image failed", cause);
    }
  }

  /** Why the place of an image does not answer; empty: it does, or has not yet. */
  public static Optional<PlaceUnavailableException> unavailable(CompletableFuture<Image> image) {
    return image.isCompletedExceptionally()
            && cause(image.handle((none, failure) -> failure).join())
                instanceof PlaceUnavailableException away
        ? Optional.of(away)
        : Optional.empty();
  }

  /** Whether the place of an image has answered, if only that there is none. */
  public static boolean answered(CompletableFuture<Image> image) {
    if (!image.isDone() || unavailable(image).isPresent()) {
      return false;
    }
    return !(cause(image.handle((none, failure) -> failure).join())
            instanceof RejectedImageException rejected
        && rejected.why() == Why.FORBIDDEN);
  }

  /** The place that must answer for an image to be there: a host or a bucket, as in its URI. */
  public static String place(String uri) {
    Matcher found = PLACE.matcher(uri);
    return found.matches()
        ? (found.group(1) + Objects.requireNonNullElse(found.group(2), "")).toLowerCase(Locale.ROOT)
        : ":";
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
  }

  private CompletableFuture<Image> decode(CompletableFuture<byte[]> encoded, String sha256) {
    return encoded.thenApplyAsync(
        bytes -> {
          long started = System.nanoTime();
          try {
            return decode(bytes, sha256);
          } catch (RejectedImageException e) {
            throw new CompletionException(e);
          } finally {
            decoded.accept(Duration.ofNanos(System.nanoTime() - started));
          }
        },
        workers);
  }

  private Image decode(byte[] encoded, String expectedSha256) throws RejectedImageException {
    if (encoded.length > maxBytes) {
      throw new RejectedImageException(Why.UNREADABLE, ImageFetcher.tooLarge(maxBytes));
    }
    String sha256 = Digests.sha256(encoded);
    if (expectedSha256 != null && !expectedSha256.equals(sha256)) {
      throw new RejectedImageException(
          Why.CHANGED, "the image's sha256 is %s, not %s".formatted(sha256, expectedSha256));
    }
    try {
      return new Image(preprocessor.pixels(encoded), sha256);
    } catch (InvalidImageException e) {
      throw new RejectedImageException(Why.UNDECODABLE, e.getMessage(), e);
    } catch (RuntimeException e) {
      // A decoder's own slip over hostile bytes; without this the same image would stop the stream
      // for ever.
      LOG.warnf(e, "a decoder failed on an image with sha256 %s", sha256);
      throw new RejectedImageException(Why.UNDECODABLE, "cannot be decoded: " + e, e);
    }
  }

  private static byte[] bytes(ByteBuffer content) {
    byte[] bytes = new byte[content.remaining()];
    content.duplicate().get(bytes);
    return bytes;
  }

  private static Thread waiting(Runnable work) {
    Thread thread = new Thread(work, "image-files");
    thread.setDaemon(true);
    return thread;
  }

  /** After its workers have been told to end. */
  @Override
  public void close() {
    waiting.shutdown();
    fetcher.close();
  }
}
