package io.gripstream.role;

import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jboss.logging.Logger;

/**
 * The lifecycle of some roles: prepares what they need, starts the roles in their order, and closes
 * them in the same order. Brokers or a registry that are away are waited for, at the start and
 * later: meanwhile no role is ready, and the process stays.
 */
final class Lifecycle {
  private static final Logger LOG = Logger.getLogger(Lifecycle.class);
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final List<Role> chosen;
  private final KafkaClients clients;
  private final Consumer<Admin> prepare;
  private final Duration timeout;
  private final Consumer<RuntimeException> onFailure;
  private final List<Role> started = new CopyOnWriteArrayList<>();
  private final CountDownLatch ending = new CountDownLatch(1);
  private final Thread thread = new Thread(this::watch, "roles");
  private volatile String waiting = "it is not started";
  private volatile long brokersSeen = System.nanoTime();
  private boolean away;
  private boolean prepared;

  /**
   * @param chosen in the order in which they start
   * @param prepare called once, before the first role starts
   * @param timeout how long the brokers may not answer before no role is ready
   * @param onFailure is told, in the lifecycle's thread, that a role cannot be started
   */
  Lifecycle(
      List<Role> chosen,
      KafkaClients clients,
      Consumer<Admin> prepare,
      Duration timeout,
      Consumer<RuntimeException> onFailure) {
    this.chosen = List.copyOf(chosen);
    this.clients = clients;
    this.prepare = prepare;
    this.timeout = timeout;
    this.onFailure = onFailure;
    thread.setDaemon(true);
  }

  /**
   * Starts the roles, or begins to wait for the brokers.
   *
   * @throws RuntimeException when a role cannot be started, and waiting does not help
   */
  void start() {
    try (Admin admin = clients.admin()) {
      advance(admin);
    }
    thread.start();
  }

  void close() {
    ending.countDown();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    started.forEach(Role::close);
  }

  /** Why each role that is played is not ready; an empty text: it is. */
  Map<String, String> readiness() {
    long seen = System.nanoTime() - brokersSeen;
    return each(
        role ->
            seen > timeout.toNanos()
                ? "the brokers have not answered for %d s".formatted(secondsAway())
                : started.contains(role) ? role.notReady() : waiting);
  }

  /** Why each role that is played is not alive; an empty text: it is. */
  Map<String, String> liveness() {
    return each(
        role ->
            thread.getState() == Thread.State.TERMINATED && ending.getCount() > 0
                ? "the roles' thread has died"
                : started.contains(role) ? role.notAlive() : "");
  }

  private Map<String, String> each(Function<Role, String> reason) {
    Map<String, String> reasons = new TreeMap<>();
    chosen.forEach(role -> reasons.put(name(role), reason.apply(role)));
    return reasons;
  }

  /** As people and probes know it. */
  static String name(Role role) {
    return role.part().name().toLowerCase(Locale.ROOT);
  }

  /** Goes on with the start as far as the brokers let it. */
  private void advance(Admin admin) {
    Role next = null;
    try {
      look(admin);
      if (!prepared) {
        prepare.accept(admin);
        prepared = true;
      }
      while (started.size() < chosen.size() && ending.getCount() > 0) {
        next = chosen.get(started.size());
        next.start();
        started.add(next);
        // A start may take long, and nobody has asked meanwhile.
        glance(admin);
      }
    } catch (RuntimeException e) {
      if (!mayPass(e)) {
        throw e;
      }
      if (next != null) {
        next.close();
      }
      String why = "it waits: " + Fault.line(e);
      // That the brokers do not answer has been said.
      if (!away && !why.equals(waiting)) {
        LOG.warnf("Waiting: %s", Fault.line(e));
      }
      waiting = why;
    }
  }

  private void watch() {
    try (Admin admin = clients.admin()) {
      while (!ending.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        if (started.size() < chosen.size()) {
          advance(admin);
        } else {
          glance(admin);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.fatalf(
          Fault.of(e) == Fault.FATAL ? null : e, "A role cannot be started: %s", Fault.line(e));
      onFailure.accept(e);
    }
  }

  private void glance(Admin admin) {
    try {
      look(admin);
    } catch (KafkaException e) {
      LOG.debugf("The brokers do not answer: %s", e.getMessage());
    }
  }

  private void look(Admin admin) {
    try {
      admin
          .describeCluster(new DescribeClusterOptions().timeoutMs((int) LOOK.toMillis()))
          .nodes()
          .get();
      if (away) {
        LOG.infof("The brokers answer again, after %d s", secondsAway());
      }
      away = false;
      brokersSeen = System.nanoTime();
    } catch (ExecutionException e) {
      if (!away) {
        LOG.warnf(
            "The brokers at %s have not answered for %d s; waiting for them: %s",
            clients.bootstrapServers(), secondsAway(), Fault.line(e.getCause()));
      }
      away = true;
      throw new KafkaException("the brokers do not answer: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private long secondsAway() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - brokersSeen);
  }

  private static boolean mayPass(Throwable failure) {
    return switch (Fault.of(failure)) {
      case TRANSIENT, REBALANCED, FENCED, CLOCK -> true;
      case RECORD, ENGINE, FATAL -> false;
    };
  }
}
