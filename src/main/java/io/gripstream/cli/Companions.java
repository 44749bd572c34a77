package io.gripstream.cli;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Closes what the command line opened around the application: its own clients before anything else
 * stops, the broker and its directory after everything else has stopped. An application's shutdown
 * hook is the only place that sees every way of ending, SIGTERM included.
 *
 * <p>The lists are static because they are filled before the container exists.
 */
@ApplicationScoped
public class Companions {
  private static final Logger LOG = Logger.getLogger(Companions.class);
  private static final Deque<AutoCloseable> FIRST = new ArrayDeque<>();
  private static final Deque<AutoCloseable> LAST = new ArrayDeque<>();
  private static final AtomicBoolean APPLICATION_RUNS = new AtomicBoolean();

  /** Closes this before the application's parts stop. */
  static void closeFirst(AutoCloseable companion) {
    push(FIRST, companion);
  }

  /** Closes this when all of the application's parts have stopped; latest addition first. */
  static void closeLast(AutoCloseable companion) {
    push(LAST, companion);
  }

  /** For an application that never came up; does nothing the second time. */
  static void closeAll() {
    close(FIRST);
    close(LAST);
  }

  /** Closes everything when the process is ended before the application could have done so. */
  public static void closeAtExit() {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (!APPLICATION_RUNS.get()) {
                    closeAll();
                  }
                },
                "companions"));
  }

  void afterAllElse(@Observes @Priority(Integer.MAX_VALUE) StartupEvent event) {
    APPLICATION_RUNS.set(true);
  }

  void beforeAllElse(@Observes @Priority(1) ShutdownEvent event) {
    close(FIRST);
  }

  void afterAllElse(@Observes @Priority(Integer.MAX_VALUE) ShutdownEvent event) {
    close(LAST);
  }

  private static void push(Deque<AutoCloseable> companions, AutoCloseable companion) {
    synchronized (companions) {
      companions.push(companion);
    }
  }

  private static void close(Deque<AutoCloseable> companions) {
    while (true) {
      AutoCloseable companion;
      synchronized (companions) {
        companion = companions.poll();
      }
      if (companion == null) {
        return;
      }
      try {
        companion.close();
      } catch (Exception e) {
        LOG.warnf(e, "%s did not close cleanly", companion);
      }
    }
  }
}
