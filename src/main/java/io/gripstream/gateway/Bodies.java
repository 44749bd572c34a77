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

  /** What a body has room for at first, and by how much that grows when it comes. */
  static final long STEP = 64 << 10;

  /** How often it is looked at what has come: a link brings some steps in that time. */
  private static final Duration LOOK = Duration.ofMillis(20);

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
   * Makes room for a request's body, until it is there or has not come in time, and for those of
   * its bytes that have come until the request is answered: who announces much and sends nothing
   * takes no room from others.
   *
   * @param bytes how long it is, or may be at most
   * @param late hears that it has not come in time
   * @param full hears that there is no room for what comes of it
   * @return false: there is no room at present
   */
  boolean admit(RoutingContext routing, long bytes, Runnable late, Runnable full) {
    if (bytes == 0) {
      return true;
    }
    AtomicLong room = new AtomicLong(Math.min(bytes, STEP));
    if (!take(room.get())) {
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
    Runnable refuse = once(full);
    long look =
        routing
            .vertx()
            .setPeriodic(
                LOOK.toMillis(),
                any -> {
                  long more = Math.min(bytes, request.bytesRead() + STEP) - room.get();
                  // Half a step is room for what comes until the next look.
                  if (more >= STEP / 2) {
                    if (hold(more)) {
                      room.addAndGet(more);
                    } else {
                      refuse.run();
                    }
                  }
                });
    Runnable arrived =
        once(
            () -> {
              routing.vertx().cancelTimer(timer);
              routing.vertx().cancelTimer(look);
              coming.decrementAndGet();
              // What came since the last look is there.
              long more = Math.max(0, request.bytesRead() - room.get());
              held.addAndGet(more);
              room.addAndGet(more);
            });
    request.end().onComplete(any -> arrived.run());
    // Also when nobody reads the body, or the client has gone.
    routing.addEndHandler(
        any -> {
          arrived.run();
          held.addAndGet(-room.get());
        });
    return true;
  }

  private boolean take(long bytes) {
    if (coming.incrementAndGet() > MOST) {
      coming.decrementAndGet();
      return false;
    }
    if (!hold(bytes)) {
      coming.decrementAndGet();
      return false;
    }
    return true;
  }

  private boolean hold(long bytes) {
    if (held.addAndGet(bytes) > mostBytes) {
      held.addAndGet(-bytes);
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
