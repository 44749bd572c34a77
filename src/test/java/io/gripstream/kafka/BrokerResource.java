package io.gripstream.kafka;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives a Quarkus test a real broker: the JVM's shared one. The argument {@code topic-prefix}, if
 * it is given, becomes {@code gripstream.kafka.topic-prefix}.
 */
public final class BrokerResource implements QuarkusTestResourceLifecycleManager {
  private final Map<String, String> config = new HashMap<>();

  @Override
  public void init(Map<String, String> arguments) {
    if (arguments.containsKey("topic-prefix")) {
      config.put("gripstream.kafka.topic-prefix", arguments.get("topic-prefix"));
    }
  }

  @Override
  public Map<String, String> start() {
    config.put("gripstream.kafka.bootstrap-servers", sharedAddress());
    return config;
  }

  /** The broker goes with the JVM. */
  @Override
  public void stop() {}

  /**
   * Quarkus closes its class loaders, and would take the broker's classes away; not this one. The
   * broker also looks classes up by name, through the thread's loader.
   */
  private static String sharedAddress() {
    ClassLoader system = ClassLoader.getSystemClassLoader();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(system);
    try {
      return (String)
          Class.forName("io.gripstream.kafka.SharedBroker", true, system)
              .getMethod("address")
              .invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the shared broker cannot be started", e);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }
}
