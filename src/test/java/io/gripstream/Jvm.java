package io.gripstream;

import io.gripstream.launcher.Main;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM of a test's own, for a process that lives for seconds. */
public final class Jvm {
  private Jvm() {}

  /**
   * Its command, which an option, a class or {@code -jar} goes on.
   *
   * @param heap as for {@code -Xmx}
   */
  public static List<String> command(String heap, String... further) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heap);
    // What the second compiler and the collector's threads take is never earned back in seconds.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of(further));
    return command;
  }

  /**
   * The same for the service's own program, as its launcher runs it.
   *
   * @param arguments its command and what follows; more may be added
   */
  public static List<String> gripstream(String heap, String... arguments) {
    List<String> command =
        command(
            heap,
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }
}
