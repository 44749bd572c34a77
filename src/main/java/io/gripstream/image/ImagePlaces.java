package io.gripstream.image;

import io.gripstream.GripstreamConfig;
import io.gripstream.image.RejectedImageException.Why;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which places the service reads images from. Nothing is allowed that is not listed: an event's URI
 * comes from whoever may write to {@code images}, who must not thereby see what only this process
 * can reach.
 */
final class ImagePlaces {
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

  private static final Pattern DOTS = Pattern.compile("(^|/)\\.\\.?(/|$)");

  /** Bytes of UTF-8, as S3 has it. */
  private static final int LONGEST_KEY = 1024;

  private final Set<String> schemes;
  private final Set<String> hosts;
  private final Set<String> buckets;
  private final Optional<Path> fileRoot;

  ImagePlaces(GripstreamConfig.Images config) {
    this.schemes = lowerCase(config.allowedSchemes());
    this.hosts = lowerCase(config.allowedHosts());
    this.buckets = lowerCase(config.allowedBuckets());
    this.fileRoot = config.fileRoot();
  }

  /** The folder that file URIs may point into. */
  Optional<Path> fileRoot() {
    return fileRoot;
  }

  /**
   * Checks an event's URI. What a file URI really points to is for the one who opens it to check.
   *
   * @return the URI, of scheme file, http, https or s3
   * @throws RejectedImageException when it is none, or names a place that is not allowed
   */
  URI check(String text) throws RejectedImageException {
    URI uri;
    try {
      uri = new URI(encoded(text));
    } catch (URISyntaxException e) {
      throw new RejectedImageException(Why.FORBIDDEN, "not a URI: " + e.getMessage(), e);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!schemes.contains(scheme)) {
      throw new RejectedImageException(
          Why.FORBIDDEN, "URIs with scheme '%s' are not allowed here".formatted(scheme));
    }
    switch (scheme) {
      case "file" -> {
        if (fileRoot.isEmpty()) {
          throw new RejectedImageException(
              Why.FORBIDDEN, "there is no folder that file URIs may point into");
        }
      }
      case "http", "https" -> checkHost(uri);
      case "s3" -> checkObject(uri);
      default ->
          throw new RejectedImageException(
              Why.FORBIDDEN, "URIs with scheme '%s' cannot be read".formatted(scheme));
    }
    return uri;
  }

  /**
   * Percent-encodes letters beyond ASCII, as file systems and servers read them: Java's own way
   * composes them first, and a file whose name is decomposed is then another one.
   */
  private static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    text.codePoints()
        .mapToObj(Character::toString)
        .map(each -> each.charAt(0) < 128 ? each : URLEncoder.encode(each, StandardCharsets.UTF_8))
        .forEach(encoded::append);
    return encoded.toString();
  }

  private void checkHost(URI uri) throws RejectedImageException {
    if (uri.getHost() == null || uri.getUserInfo() != null) {
      throw new RejectedImageException(Why.FORBIDDEN, "a URI must name a host, and no user");
    }
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    String allowed = uri.getPort() < 0 ? host : host + ":" + uri.getPort();
    if (!hosts.contains(allowed)) {
      throw new RejectedImageException(
          Why.FORBIDDEN, "host '%s' is not allowed here".formatted(allowed));
    }
  }

  private void checkObject(URI uri) throws RejectedImageException {
    String bucket = uri.getRawAuthority();
    if (bucket == null || !BUCKET.matcher(bucket).matches()) {
      throw new RejectedImageException(Why.FORBIDDEN, "an s3 URI must begin with s3://bucket/");
    }
    if (!buckets.contains(bucket)) {
      throw new RejectedImageException(
          Why.FORBIDDEN, "bucket '%s' is not allowed here".formatted(bucket));
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new RejectedImageException(
          Why.FORBIDDEN, "in a key of S3, '?' is written as %3F and '#' as %23");
    }
    String key = key(uri);
    if (key.isEmpty() || key.getBytes(StandardCharsets.UTF_8).length > LONGEST_KEY) {
      throw new RejectedImageException(
          Why.FORBIDDEN, "a key of S3 has 1 to %d bytes".formatted(LONGEST_KEY));
    }
    // A store or a proxy that took them for folders would be led into another bucket.
    if (DOTS.matcher(key).find()) {
      throw new RejectedImageException(Why.FORBIDDEN, "a key of S3 must have no part '.' or '..'");
    }
  }

  /** The key that an s3 URI names, without escapes. */
  static String key(URI uri) {
    return uri.getPath().isEmpty() ? "" : uri.getPath().substring(1);
  }

  private static Set<String> lowerCase(Optional<Set<String>> names) {
    return names.orElse(Set.of()).stream()
        .map(name -> name.strip().toLowerCase(Locale.ROOT))
        .collect(Collectors.toUnmodifiableSet());
  }
}
