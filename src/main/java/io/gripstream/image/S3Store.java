package io.gripstream.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gripstream.GripstreamConfig;
import io.gripstream.image.RejectedImageException.Why;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigException;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.ServiceMetadata;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/**
 * Makes signed requests for the objects of an S3 store, and says what its answers mean. Credentials
 * and signatures are the AWS SDK's; the requests go the way of all others, so that size, time and
 * redirects are bounded in one place, and nothing here tries again.
 *
 * <p>What is said of a failure has an answer's status and code, and nothing of the request or of
 * the SDK's own messages: those may hold parts of credentials. The SDK's log, at level {@code
 * DEBUG}, has more.
 */
final class S3Store implements AutoCloseable {
  /** Bytes of an answer without an object that are read for its code. */
  static final int ERROR_BYTES = 16 * 1024;

  private static final Pattern CODE = Pattern.compile("<Code>([A-Za-z.]{1,64})</Code>");

  /** Codes of answers below 500 that tell of haste, of this process, its clock or its settings. */
  private static final Set<String> NOT_THE_OBJECTS =
      Set.of(
          "AuthorizationHeaderMalformed",
          "ExpiredToken",
          "InvalidAccessKeyId",
          "InvalidToken",
          "PermanentRedirect",
          "RequestTimeTooSkewed",
          "RequestTimeout",
          "SignatureDoesNotMatch",
          "TemporaryRedirect");

  private static final Set<Integer> PASSING = Set.of(408, 429);

  private final Optional<URI> endpoint;
  private final boolean pathStyle;
  private final Duration timeout;
  private final Executor workers;
  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();

  private Optional<Region> region;
  private DefaultCredentialsProvider provider;
  private CompletableFuture<Signing> asked;

  /** What a request is signed with. */
  private record Signing(AwsCredentialsIdentity credentials, Region region) {}

  /**
   * Asks nobody for anything yet.
   *
   * @param timeout how long credentials may take to be found
   * @param workers looks for them
   * @throws ConfigException when the endpoint is none
   */
  S3Store(GripstreamConfig.S3 config, Duration timeout, Executor workers) {
    this.endpoint = config.endpoint();
    this.pathStyle = config.pathStyle();
    this.region = config.region().map(Region::of);
    this.timeout = timeout;
    this.workers = workers;
    endpoint.ifPresent(S3Store::requireEndpoint);
  }

  private static void requireEndpoint(URI uri) {
    boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    boolean bare = uri.getRawPath() == null || uri.getRawPath().matches("/?");
    boolean plain = uri.getUserInfo() == null && uri.getQuery() == null;
    if (!web || !bare || !plain || uri.getHost() == null || uri.getFragment() != null) {
      throw new ConfigException(
          "gripstream.images.s3.endpoint must be like https://host or https://host:port");
    }
  }

  /**
   * A request for an object, signed.
   *
   * @param place {@code s3://bucket/key}, as {@link ImagePlaces} let it pass
   * @return fails with a {@link PlaceUnavailableException} when there is nothing to sign with
   */
  CompletableFuture<HttpRequest.Builder> get(URI place) {
    return signing()
        .copy()
        .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (signing, failure) -> {
              if (failure instanceof TimeoutException) {
                throw new PlaceUnavailableException(
                    "the AWS SDK found no credentials within " + timeout);
              }
              if (failure != null) {
                throw new CompletionException(
                    failure instanceof CompletionException ? failure.getCause() : failure);
              }
              return signed(address(place, signing.region()), signing);
            });
  }

  /** Asks once for all who wait, so that neither a slow answer nor none costs each of them. */
  private synchronized CompletableFuture<Signing> signing() {
    if (asked == null || asked.isDone()) {
      asked = CompletableFuture.supplyAsync(this::ask, workers);
    }
    return asked;
  }

  private Signing ask() {
    Region where = region();
    try {
      return new Signing(provider().resolveCredentials(), where);
    } catch (RuntimeException e) {
      // Providers read files of others, and throw what they like.
      throw new PlaceUnavailableException(
          "the AWS SDK finds no credentials for S3 (%s)".formatted(e.getClass().getSimpleName()));
    }
  }

  /** One thread asks at a time, and nobody waits for it: the machine may be slow to say. */
  private Region region() {
    if (region.isEmpty()) {
      try {
        region = Optional.of(new DefaultAwsRegionProviderChain().getRegion());
      } catch (SdkClientException e) {
        if (endpoint.isEmpty()) {
          throw new PlaceUnavailableException(
              "no region of S3 is known: set gripstream.images.s3.region");
        }
        region = Optional.of(Region.US_EAST_1);
      }
    }
    return region.get();
  }

  private synchronized DefaultCredentialsProvider provider() {
    if (provider == null) {
      provider = DefaultCredentialsProvider.builder().build();
    }
    return provider;
  }

  /** Where an object is asked for. */
  private URI address(URI place, Region where) {
    String bucket = place.getRawAuthority();
    URI store =
        endpoint.orElseGet(
            () -> URI.create("https://" + ServiceMetadata.of("s3").endpointFor(where)));
    String key = escaped(ImagePlaces.key(place));
    // The certificate of a store is for one label in front of its name.
    return URI.create(
        pathStyle || bucket.contains(".")
            ? "%s://%s/%s/%s".formatted(store.getScheme(), store.getRawAuthority(), bucket, key)
            : "%s://%s.%s/%s".formatted(store.getScheme(), bucket, store.getRawAuthority(), key));
  }

  /** As signatures of version 4 want it: all but letters, digits, {@code -._~} and slashes. */
  private static String escaped(String key) {
    return URLEncoder.encode(key, UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~")
        .replace("%2F", "/");
  }

  private HttpRequest.Builder signed(URI address, Signing signing) {
    SdkHttpRequest plain = SdkHttpRequest.builder().method(SdkHttpMethod.GET).uri(address).build();
    SdkHttpRequest signed =
        signer
            .sign(
                request ->
                    request
                        .identity(signing.credentials())
                        .request(plain)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, signing.region().id())
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false))
            .request();
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    signed.forEachHeader(
        (name, values) -> {
          // The client sets it itself, to the same.
          if (!name.equalsIgnoreCase("Host")) {
            values.forEach(value -> request.header(name, value));
          }
        });
    return request;
  }

  /** What it means when there is no object. */
  record NoObject(URI place) implements ImageFetcher.Failures {
    @Override
    public Exception answered(int status, byte[] body) {
      Matcher code = CODE.matcher(body == null ? "" : new String(body, UTF_8));
      String name = code.find() ? code.group(1) : "";
      String said = name.isEmpty() ? "" + status : "%d (%s)".formatted(status, name);
      return status >= 500 || PASSING.contains(status) || NOT_THE_OBJECTS.contains(name)
          ? new PlaceUnavailableException("S3 answered %s for %s".formatted(said, place))
          : new RejectedImageException(Why.UNREADABLE, "S3 answered " + said);
    }

    @Override
    public Exception unanswered(String why, Throwable cause) {
      return new PlaceUnavailableException("S3 has no answer for %s: %s".formatted(place, why));
    }
  }

  /** Gives up the credentials. The workers run nothing of it any more. */
  @Override
  public synchronized void close() {
    if (provider != null) {
      provider.close();
    }
  }
}
