package io.gripstream.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.streams.KafkaStreams;

/**
 * Shows the figures of Kafka's clients among a registry's meters, under names that begin with
 * {@code kafka.}: from {@link #bind} until the binding is closed, which is to be before the client
 * is made anew. For clients whose id is always the same: it is a tag, and each further one makes a
 * hundred meters more.
 */
public final class ClientMeters {
  /** Shows nothing. */
  public static final ClientMeters NONE = new ClientMeters(Optional.empty(), Duration.ZERO);

  /** Partitions come and go; their figures with them, as late as this. */
  private static final Duration REFRESH = Duration.ofSeconds(10);

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Optional<MeterRegistry> registry;
  private final Duration refresh;

  /** Shows them in a registry, which stays the caller's. */
  public ClientMeters(MeterRegistry registry) {
    this(registry, REFRESH);
  }

  /** The same, with another time until partitions' figures come and go. */
  public ClientMeters(MeterRegistry registry, Duration refresh) {
    this(Optional.of(registry), refresh);
  }

  private ClientMeters(Optional<MeterRegistry> registry, Duration refresh) {
    this.registry = registry;
    this.refresh = refresh;
  }

  /** A client's meters are in the registry until this is closed. */
  @FunctionalInterface
  public interface Binding extends AutoCloseable {
    @Override
    void close();
  }

  private record Figures(MeterBinder binder, Runnable remove) {}

  public Binding bind(Consumer<?, ?> consumer) {
    return bind(
        refresher -> {
          var figures = new KafkaClientMetrics(consumer, List.of(), refresher, refresh);
          return new Figures(figures, figures::close);
        });
  }

  public Binding bind(Producer<?, ?> producer) {
    return bind(
        refresher -> {
          var figures = new KafkaClientMetrics(producer, List.of(), refresher, refresh);
          return new Figures(figures, figures::close);
        });
  }

  /** Those of its own consumers and producers are among them. */
  public Binding bind(KafkaStreams streams) {
    return bind(
        refresher -> {
          var figures = new KafkaStreamsMetrics(streams, List.of(), refresher, refresh);
          return new Figures(figures, figures::close);
        });
  }

  private Binding bind(Function<ScheduledExecutorService, Figures> client) {
    if (registry.isEmpty()) {
      return () -> {};
    }
    // One of its own: what a binder has scheduled with another's goes on after it is closed.
    ScheduledExecutorService refresher =
        Executors.newSingleThreadScheduledExecutor(ClientMeters::thread);
    Figures figures = client.apply(refresher);
    figures.binder().bindTo(registry.get());
    return () -> {
      // A refresh that runs would put back what is removed.
      refresher.shutdownNow();
      try {
        refresher.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      figures.remove().run();
    };
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "client-meters");
    thread.setDaemon(true);
    return thread;
  }
}
