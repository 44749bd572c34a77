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

/** A broker of its own behind a wire that can be cut. */
public final class CutBroker implements AutoCloseable {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final EmbeddedBroker broker;
  private final int brokerPort;
  private final int port;
  private final Set<Socket> ends = ConcurrentHashMap.newKeySet();
  private ServerSocket server;

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
    return new KafkaClients("localhost:" + port, Map.of());
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
            inBackground(() -> carry(client, server));
            inBackground(() -> carry(server, client));
          }
        });
  }

  private static void carry(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
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
