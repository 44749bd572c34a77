package io.gripstream.workshop.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory that this process has had resident. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String LINE = "VmHWM:";

  private PeakMemory() {}

  /**
   * @return null where the system does not tell
   */
  static Long kibibytes() {
    if (!Files.isReadable(STATUS)) {
      return null;
    }
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(LINE)) {
          return Long.parseLong(line.substring(LINE.length()).replace("kB", "").strip());
        }
      }
      return null;
    } catch (IOException | NumberFormatException e) {
      throw new IllegalStateException("what the system says of this process is not understood", e);
    }
  }
}
