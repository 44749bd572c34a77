package io.gripstream.kafka;

import io.gripstream.kafka.embedded.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A broker of its own behind a wire that can be cut, and slow. */
public final class CutBroker implements AutoCloseable {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private static final int CHUNK_BYTES = 16 * 1024;

  private final EmbeddedBroker broker;
  private final int brokerPort;
  private final int port;
  private final Set<Socket> ends = ConcurrentHashMap.newKeySet();
  private ServerSocket server;
  private volatile int bytesPerSecond = Integer.MAX_VALUE;

  /** With the wire whole. */
  public CutBroker(Path directory) {
    server = listen(0);
    port = server.getLocalPort();
    broker =
        EmbeddedBroker.start(
            directory, 0, Map.of("advertised.listeners", "PLAINTEXT://localhost:" + port));
    String address = broker.bootstrapServers();
    brokerPort = Integer.parseInt(address.substring(address.indexOf(':') + 1));
    accept(server);
  }

  /** Clients that reach it over the wire. */
  public KafkaClients clients() {
    return clients(Map.of());
  }

  public KafkaClients clients(Map<String, String> extra) {
    return new KafkaClients("localhost:" + port, extra);
  }

  /** Ends all connections, and refuses new ones. */
  public void cut() {
    try {
      server.close();
      for (Socket end : ends) {
        end.close();
      }
      ends.clear();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets each connection carry so much in each direction. */
  public void slow(int bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Makes the wire whole again. */
  public void mend() {
    server = listen(port);
    accept(server);
  }

  private static ServerSocket listen(int port) {
    try {
      ServerSocket listening = new ServerSocket();
      listening.setReuseAddress(true);
      listening.bind(new InetSocketAddress(HERE, port));
      return listening;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(ServerSocket listening) {
    inBackground(
        () -> {
          while (true) {
            Socket client = listening.accept();
            Socket server = new Socket(HERE, brokerPort);
            ends.add(client);
            ends.add(server);
            // It came while the wire was cut, and may have been added too late for that.
            if (listening.isClosed()) {
              client.close();
              server.close();
            }
            inBackground(() -> carry(client, server));
            inBackground(() -> carry(server, client));
          }
        });
  }

  private void carry(Socket from, Socket to) throws IOException {
    byte[] some = new byte[CHUNK_BYTES];
    try (from;
        to) {
      for (int size; (size = from.getInputStream().read(some)) > 0; ) {
        to.getOutputStream().write(some, 0, size);
        LockSupport.parkNanos(size * 1_000_000_000L / bytesPerSecond);
      }
    }
  }

  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  private static void inBackground(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // The wire was cut, or one of its ends has closed it.
                Thread.currentThread().interrupt();
              }
            },
            "wire");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    cut();
    broker.close();
  }
}
