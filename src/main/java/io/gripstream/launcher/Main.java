package io.gripstream.launcher;

import io.gripstream.cli.Companions;
import io.gripstream.cli.ServiceProcess;
import io.quarkus.runtime.annotations.QuarkusMain;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.LogContext;

/**
 * The entry point. Commands that need no service end here; {@code serve} and {@code demo} hand over
 * to Quarkus, which ends the process.
 */
@QuarkusMain
public final class Main {
  Main() {}

  public static void main(String[] args) {
    // Kafka's clients and broker speak up at INFO before Quarkus has read any log settings.
    LogContext.getLogContext().getLogger("org.apache.kafka").setLevel(Level.WARN);
    LogContext.getLogContext().getLogger("kafka").setLevel(Level.WARN);
    Companions.closeAtExit();
    int code = Gripstream.commandLine().execute(args);
    if (!ServiceProcess.handedOver()) {
      System.exit(code);
    }
  }
}
