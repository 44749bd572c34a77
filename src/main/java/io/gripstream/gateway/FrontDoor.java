package io.gripstream.gateway;

import io.gripstream.GripstreamConfig;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.core.MediaType;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Every request passes here first. Only one that names a host of ours is answered, and no page of
 * somebody else's changes anything. Without the gateway role only health, metrics and the API's
 * description ({@code /q}) answer. With it, every answer forbids the browser what the page does not
 * need: the page loads nothing from elsewhere, and nothing that flows through a topic can become
 * script.
 */
@ApplicationScoped
final class FrontDoor {
  private static final String MANAGEMENT = "/q/";
  private static final String API = "/api/";
  private static final String IMAGES = API + "images/";
  private static final Set<HttpMethod> READING =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
  private static final int LONGEST_BODY = 4 << 20;
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final Gateway gateway;
  private final Hosts hosts;
  private final int largestImage;
  private final boolean sharedImages;
  private final Bodies bodies;

  FrontDoor(Gateway gateway, GripstreamConfig config) {
    this.gateway = gateway;
    this.hosts = new Hosts(config.http().host(), config.http().hosts().orElse(Set.of()));
    this.largestImage = config.images().maxBytes();
    this.sharedImages = config.http().sharedImages();
    this.bodies = new Bodies(largestImage, Runtime.getRuntime().maxMemory());
  }

  void guard(@Observes Filters filters) {
    filters.register(this::pass, 500);
  }

  /** What the server refuses before anything is asked: no host, or none that can be read. */
  void unreadable(@Observes Router router) {
    router
        .route()
        .order(Integer.MIN_VALUE)
        .failureHandler(
            request -> {
              if (request.statusCode() == 400 && request.request().authority() == null) {
                Refusal.send(request, 400, "Bad Request", "the Host is none that can be read");
              } else {
                request.next();
              }
            });
  }

  private void pass(RoutingContext request) {
    HttpServerResponse response = request.response();
    response.putHeader("X-Content-Type-Options", "nosniff");
    response.putHeader("Referrer-Policy", "no-referrer");
    if (!request.normalizedPath().startsWith(API)) {
      // A browser asks whether the page is still the one that it has: after an upgrade it is not.
      response.putHeader("Cache-Control", "no-cache");
    }
    boolean management = request.normalizedPath().startsWith(MANAGEMENT);
    if (!management) {
      response.putHeader("Content-Security-Policy", POLICY);
      response.putHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.putHeader(
          "Cross-Origin-Resource-Policy",
          sharedImages && request.normalizedPath().startsWith(IMAGES)
              ? "cross-origin"
              : "same-origin");
    }
    if (!knows(request.request())) {
      Refusal.send(
          request, 421, "Misdirected Request", "gripstream.http.hosts does not name this host");
    } else if (foreign(request.request())) {
      Refusal.send(request, 403, "Forbidden", "a page from elsewhere may change nothing here");
    } else if (!management && !gateway.enabled()) {
      Refusal.send(request, 404, "Not Found", "this process has no gateway role");
    } else if (!isReadable(request.request().getHeader("Content-Type"))) {
      Refusal.send(
          request, 415, "Unsupported Media Type", "the Content-Type is none that can be read");
    } else if (length(request.request()) > limit(request.request())) {
      Refusal.send(
          request,
          413,
          "Request Entity Too Large",
          "%s may have at most %d bytes"
              .formatted(subject(request.request()), limit(request.request())));
    } else if (!bodies.admit(
        request, body(request.request()), () -> late(request), () -> full(request))) {
      refuse(request);
    } else {
      request.next();
    }
  }

  private static Future<Void> refuse(RoutingContext request) {
    request.response().putHeader("Retry-After", "1");
    return Refusal.send(request, 429, "Too Many Requests", "as many bodies are received as may be");
  }

  private static void full(RoutingContext request) {
    end(request, () -> refuse(request));
  }

  private static void late(RoutingContext request) {
    end(
        request,
        () -> Refusal.send(request, 408, "Request Timeout", "the body did not come in time"));
  }

  /** Ends the waiting for a body: its connection, or its stream of one, is of no more use. */
  private static void end(RoutingContext request, Supplier<Future<Void>> answer) {
    Future<Void> told = request.response().headWritten() ? Future.succeededFuture() : answer.get();
    told.onComplete(any -> Connections.end(request.request()));
  }

  /** How many bytes of a body come, or may come; 0: none do. */
  private long body(HttpServerRequest request) {
    if (READING.contains(request.method()) || request.isEnded()) {
      return 0;
    }
    boolean says = request.getHeader("Content-Length") != null;
    boolean silent =
        request.version() != HttpVersion.HTTP_2 && request.getHeader("Transfer-Encoding") == null;
    return says || silent ? length(request) : limit(request);
  }

  /** A request that names no host, or none that can be read, the server has refused itself. */
  private boolean knows(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    return authority != null && hosts.answerTo(authority.host());
  }

  /**
   * Whether a page of somebody else's makes a browser, which knows a key or needs none, change
   * something. Browsers then say where the page is from.
   */
  private boolean foreign(HttpServerRequest request) {
    String origin = request.getHeader("Origin");
    return origin != null
        && !READING.contains(request.method())
        && !hosts.trust(origin, request.authority());
  }

  /**
   * The server's own limit is the largest image; nothing else needs as much, but a file of labels,
   * which is read as it comes.
   */
  private int limit(HttpServerRequest request) {
    return isImage(request) || isImport(request)
        ? largestImage
        : Math.min(LONGEST_BODY, largestImage);
  }

  private static String subject(HttpServerRequest request) {
    if (isImage(request)) {
      return "an image";
    }
    return isImport(request) ? "a file of labels" : "all but images";
  }

  private static boolean isImport(HttpServerRequest request) {
    return request.path().endsWith("/labels/import");
  }

  private static boolean isImage(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    return type != null
        && (type.startsWith("image/")
            || type.startsWith("application/octet-stream")
            || type.startsWith("multipart/form-data"));
  }

  /** Resources are chosen by it, and whatever chooses them takes no other for its own mistake. */
  private static boolean isReadable(String contentType) {
    try {
      return contentType == null || MediaType.valueOf(contentType).getType() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** 0 where the request does not say: the server counts while it reads. */
  private static long length(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    // HTTP has made sure that it is digits.
    return length == null ? 0 : length.length() > 10 ? Long.MAX_VALUE : Long.parseLong(length);
  }
}
