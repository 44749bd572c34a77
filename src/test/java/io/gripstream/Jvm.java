package io.gripstream;

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
}
