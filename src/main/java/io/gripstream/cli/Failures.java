package io.gripstream.cli;

import java.net.ConnectException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashSet;
import java.util.Set;

/** Says what went wrong in one line. */
public final class Failures {
  private Failures() {}

  /** The messages along the chain of causes, each once, outermost first. */
  public static String sentence(Throwable failure) {
    Set<String> messages = new LinkedHashSet<>();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = message(cause);
      // An exception made from its cause alone repeats it behind its class name.
      if (cause.getCause() == null || !message.equals(cause.getCause().toString())) {
        messages.add(message.strip().replaceAll("\\s*\\R\\s*", " "));
      }
      if (cause instanceof ConnectException) {
        // What is behind it is the channel's affair.
        break;
      }
    }
    return String.join(": ", messages);
  }

  private static String message(Throwable cause) {
    if (cause instanceof FileSystemException file && file.getReason() == null) {
      // The path is all that it says.
      return file.getFile() + " " + reason(file);
    }
    if (cause instanceof ConnectException) {
      return hasNoAddress(cause) ? "there is no such host" : "nobody listens there: is it running?";
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  private static boolean hasNoAddress(Throwable failure) {
    return failure instanceof UnresolvedAddressException
        || (failure != null && hasNoAddress(failure.getCause()));
  }

  private static String reason(FileSystemException file) {
    if (file instanceof NoSuchFileException) {
      return "is not there, or its folder is not";
    }
    if (file instanceof AccessDeniedException) {
      return "may not be used";
    }
    if (file instanceof FileAlreadyExistsException) {
      return "exists already";
    }
    return "cannot be used (" + file.getClass().getSimpleName() + ")";
  }
}
