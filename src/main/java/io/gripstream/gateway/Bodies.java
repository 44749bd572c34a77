package io.gripstream.gateway;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bodies that are received. A thread waits for each, of which health and reading
 * requests need some, too; and what has come is held in memory until it is answered. So there is a
 * bound to their number, to their bytes, and to the time that one may take. Thread-safe.
 */
final class Bodies {
  /** Half of the threads that Quarkus has at least. */
  static final int MOST = 100;

  /** Whoever sends nothing takes others' room for so long. */
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Slower than a link that images are sent over. */
  private static final long BYTES_PER_SECOND = 16 << 10;

  private final long mostBytes;
  private final Duration timeout;
  private final AtomicInteger coming = new AtomicInteger();
  private final AtomicLong held = new AtomicLong();

  /**
   * @param largest how many bytes a body may have; so many always fit
   * @param memory of the heap, of which bodies may take an eighth: each is there several times on
   *     its way to a record
   */
  Bodies(long largest, long memory) {
    this(largest, memory, TIMEOUT);
  }

  Bodies(long largest, long memory, Duration timeout) {
    this.mostBytes = Math.max(largest, memory / 8);
    this.timeout = timeout;
  }

  /**
   * Makes room for a request's body, until it is there or has not come in time, and for its bytes
   * until the request is answered.
   *
   * @param bytes how long it is, or may be at most
   * @param late hears that it has not come in time
   * @return false: there is no room at present
   */
  boolean admit(RoutingContext routing, long bytes, Runnable late) {
    if (bytes == 0) {
      return true;
    }
    if (!take(bytes)) {
      return false;
    }
    HttpServerRequest request = routing.request();
    long least = timeout.toMillis() * BYTES_PER_SECOND / 1000;
    AtomicLong before = new AtomicLong();
    long timer =
        routing
            .vertx()
            .setPeriodic(
                timeout.toMillis(),
                any -> {
                  long now = request.bytesRead();
                  if (now - before.getAndSet(now) < least) {
                    late.run();
                  }
                });
    Runnable arrived =
        once(
            () -> {
              routing.vertx().cancelTimer(timer);
              coming.decrementAndGet();
            });
    request.end().onComplete(any -> arrived.run());
    // Also when nobody reads the body, or the client has gone.
    routing.addEndHandler(
        any -> {
          arrived.run();
          held.addAndGet(-bytes);
        });
    return true;
  }

  private boolean take(long bytes) {
    if (coming.incrementAndGet() > MOST) {
      coming.decrementAndGet();
      return false;
    }
    if (held.addAndGet(bytes) > mostBytes) {
      held.addAndGet(-bytes);
      coming.decrementAndGet();
      return false;
    }
    return true;
  }

  private static Runnable once(Runnable action) {
    AtomicBoolean done = new AtomicBoolean();
    return () -> {
      if (done.compareAndSet(false, true)) {
        action.run();
      }
    };
  }
}
