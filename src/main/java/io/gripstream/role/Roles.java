package io.gripstream.role;

import io.gripstream.GripstreamConfig;
import io.gripstream.kafka.Fault;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.TopicAdmin;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.jboss.logging.Logger;

/** The roles that this process plays, from its start to its end. */
@ApplicationScoped
public class Roles {
  /** An election is over sooner; an idle consumer would never tell. */
  private static final Duration BROKERS_AWAY = Duration.ofSeconds(30);

  private static final int FIRST = 1000;
  private static final Logger LOG = Logger.getLogger(Roles.class);

  private final GripstreamConfig config;
  private final Instance<Role> all;
  private final Instance<KafkaClients> clients;
  private final Topics topics;
  private final Instance<SchemaRegistry> registry;
  private final MeterRegistry meters;
  private volatile Lifecycle lifecycle;
  private volatile SchemaRegistry prepared;

  Roles(
      GripstreamConfig config,
      @Any Instance<Role> all,
      Instance<KafkaClients> clients,
      Topics topics,
      Instance<SchemaRegistry> registry,
      MeterRegistry meters) {
    this.config = config;
    this.all = all;
    this.clients = clients;
    this.topics = topics;
    this.registry = registry;
    this.meters = meters;
  }

  void start(@Observes @Priority(FIRST) StartupEvent event) {
    List<Role> chosen = new ArrayList<>();
    for (Role role : all) {
      if (config.roles().contains(role.part())) {
        chosen.add(role);
      }
    }
    chosen.sort(Comparator.comparing(Role::part));
    chosen.forEach(this::show);
    lifecycle =
        new Lifecycle(
            chosen, clients.get(), this::prepare, BROKERS_AWAY, failure -> Quarkus.asyncExit(1));
    try {
      lifecycle.start();
    } catch (RuntimeException e) {
      if (Fault.of(e) != Fault.FATAL) {
        throw e;
      }
      LOG.debug("The roles cannot be started", e);
      throw new PreventFurtherStepsException("gripstream: " + Fault.line(e), 1);
    }
  }

  private void show(Role role) {
    String name = Lifecycle.name(role);
    Gauge.builder("gripstream.role.ready", this, it -> fits(it.readiness().get(name)))
        .description("1 while the role is ready, as /q/health/ready says")
        .tag("role", name)
        .register(meters);
    Gauge.builder("gripstream.role.alive", this, it -> fits(it.liveness().get(name)))
        .description("0 when only a restart helps the role, as /q/health/live says")
        .tag("role", name)
        .register(meters);
  }

  private static int fits(String reason) {
    return "".equals(reason) ? 1 : 0;
  }

  private void prepare(Admin admin) {
    SchemaRegistry asked = registry.get();
    prepare(admin, asked, config, topics, clients.get().recordBytes());
    prepared = asked;
  }

  /**
   * Asks the registry, once and before anything is made, and then makes the topics. A registry of
   * ours knows their schemas from then on; another one is told of each by whoever first writes.
   */
  static void prepare(
      Admin admin, SchemaRegistry registry, GripstreamConfig config, Topics topics, int bytes) {
    registry.check();
    TopicAdmin.create(
        admin, topics, config.kafka().partitions(), config.kafka().replicationFactor(), bytes);
    if (registry instanceof EmbeddedRegistry embedded) {
      embedded.registerContract();
    }
  }

  void stop(@Observes @Priority(FIRST) ShutdownEvent event) {
    if (lifecycle != null) {
      lifecycle.close();
    }
    forget(meters);
  }

  /**
   * Takes the application's meters out of a registry. Micrometer's own one outlives the
   * application, and a gauge in it whose object is gone would hide the one of the next application.
   * Those of Kafka's clients go with the clients; one that did not end in time may have left some.
   */
  static void forget(MeterRegistry meters) {
    for (Meter meter : meters.getMeters()) {
      String name = meter.getId().getName();
      if (name.startsWith("gripstream.") || name.startsWith("kafka.")) {
        meters.remove(meter);
      }
    }
  }

  /** Why each role that is played, or the registry, is not ready; an empty text: it is. */
  Map<String, String> readiness() {
    return lifecycle == null
        ? Map.of("roles", "not started")
        : withRegistry(lifecycle.readiness(), SchemaRegistry::notReady);
  }

  /** Why each role that is played, or the registry, is not alive; an empty text: it is. */
  Map<String, String> liveness() {
    return lifecycle == null
        ? Map.of()
        : withRegistry(lifecycle.liveness(), SchemaRegistry::notAlive);
  }

  private Map<String, String> withRegistry(
      Map<String, String> roles, Function<SchemaRegistry, String> reason) {
    Map<String, String> reasons = new TreeMap<>(roles);
    if (prepared != null) {
      reasons.put("registry", reason.apply(prepared));
    }
    return reasons;
  }
}
