package io.gripstream.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Finds out about a port before something starts that would fail on it late and wordily. */
final class Ports {
  static final int LARGEST = 65_535;

  private Ports() {}

  static boolean free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * @throws CommandFailure when somebody listens on the port, naming the ways out, or it is none
   */
  static void requireFree(int port, String option, String otherwise) {
    if (port < 0 || port > LARGEST) {
      throw new CommandFailure("%s must be from 0 to %d, not %d".formatted(option, LARGEST, port));
    }
    if (port != 0 && !free(port)) {
      throw new CommandFailure(
          "port %d is taken: choose another with %s, or give %s"
              .formatted(port, option, otherwise));
    }
  }

  /** The port itself, or any free one where it is taken. */
  static int freeOr(int preferred) {
    if (free(preferred)) {
      return preferred;
    }
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
