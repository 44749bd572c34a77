package io.gripstream.chaos;

import io.gripstream.kafka.embedded.EmbeddedBroker;
import java.nio.file.Path;

/** Runs the embedded broker in a process of its own, until that is ended. */
final class BrokerProcess {
  private BrokerProcess() {}

  /**
   * @param arguments the broker's directory and its port
   */
  public static void main(String[] arguments) throws InterruptedException {
    EmbeddedBroker broker =
        EmbeddedBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
    Thread.currentThread().join();
  }
}
