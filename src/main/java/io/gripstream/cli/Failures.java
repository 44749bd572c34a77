package io.gripstream.cli;

import java.util.LinkedHashSet;
import java.util.Set;

/** Says what went wrong in one line. */
public final class Failures {
  private Failures() {}

  /** The messages along the chain of causes, each once, outermost first. */
  public static String sentence(Throwable failure) {
    Set<String> messages = new LinkedHashSet<>();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message =
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
      // An exception made from its cause alone repeats it behind its class name.
      if (cause.getCause() == null || !message.equals(cause.getCause().toString())) {
        messages.add(message.strip().replaceAll("\\s*\\R\\s*", " "));
      }
    }
    return String.join(": ", messages);
  }
}
