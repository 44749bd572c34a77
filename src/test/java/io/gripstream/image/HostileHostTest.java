package io.gripstream.image;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.GripstreamConfig;
import io.gripstream.cli.Settings;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hosts and stores that break HTTP, or never end: each answer costs one image, and a bound. */
class HostileHostTest {
  private static final int MAX_BYTES = 100_000;
  private static final byte[] CONTENT = "an image".getBytes(US_ASCII);
  private static final String OK = "HTTP/1.1 200 OK\r\n";

  private final ExecutorService workers = Executors.newCachedThreadPool();
  private ServerSocket server;
  private volatile Answer answer;
  private ImageFetcher fetcher;

  /** What a host does once it has read a request, and what that means for who asks a store. */
  private enum Answer {
    CLOSES(true) {
      @Override
      void to(Socket socket, OutputStream out) {}
    },
    RESETS(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "Content-Length: 100\r\n\r\n0123456789");
        socket.setSoLinger(true, 0);
      }
    },
    IS_SHORT(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "Content-Length: 100\r\n\r\n0123456789");
      }
    },
    LIES_ABOUT_CHUNKS(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "Transfer-Encoding: chunked\r\n\r\nnothing\r\n");
      }
    },
    NEVER_ENDS_A_CHUNK_SIZE(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "Transfer-Encoding: chunked\r\n\r\n");
        forever(out, "1;" + "x".repeat(10_000));
      }
    },
    LIES_ABOUT_LENGTH(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "Content-Length: -5\r\n\r\n0123456789");
      }
    },
    NEVER_ENDS_A_BODY(false) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK + "\r\n");
        forever(out, "x".repeat(10_000));
      }
    },
    NEVER_ENDS_AN_ERROR(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, "HTTP/1.1 503 No\r\n\r\n");
        forever(out, "x".repeat(10_000));
      }
    },
    NEVER_ENDS_A_HEAD(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        say(out, OK);
        forever(out, "a-name: " + "x".repeat(8000) + "\r\n");
      }
    },
    NEVER_ENDS_A_LINE(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        forever(out, "x".repeat(10_000));
      }
    },
    ALWAYS_BEGINS_ANEW(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException {
        forever(out, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100));
      }
    },
    SENDS_A_HEAD_BYTE_BY_BYTE(true) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException, InterruptedException {
        while (true) {
          say(out, "x");
          Thread.sleep(50);
        }
      }
    },
    SENDS_A_BODY_BYTE_BY_BYTE(false) {
      @Override
      void to(Socket socket, OutputStream out) throws IOException, InterruptedException {
        say(out, OK + "Content-Length: 1000\r\n\r\n");
        while (true) {
          say(out, "x");
          Thread.sleep(50);
        }
      }
    };

    private final boolean away;

    Answer(boolean away) {
      this.away = away;
    }

    abstract void to(Socket socket, OutputStream out) throws IOException, InterruptedException;
  }

  private static void say(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(US_ASCII));
    out.flush();
  }

  private static void forever(OutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(US_ASCII);
    while (true) {
      out.write(bytes);
    }
  }

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    workers.execute(this::accept);
    String place = "127.0.0.1:" + server.getLocalPort();
    System.setProperty("aws.accessKeyId", StubS3.KEY_ID);
    System.setProperty("aws.secretAccessKey", StubS3.SECRET);
    GripstreamConfig.Images config =
        Settings.load(
                Map.of(
                    "gripstream.images.allowed-schemes",
                    "http,s3",
                    "gripstream.images.allowed-hosts",
                    place,
                    "gripstream.images.allowed-buckets",
                    "photos",
                    "gripstream.images.s3.endpoint",
                    "http://" + place,
                    "gripstream.images.s3.region",
                    StubS3.REGION,
                    "gripstream.images.s3.path-style",
                    "true"))
            .images();
    Duration timeout = Duration.ofSeconds(2);
    fetcher =
        new ImageFetcher(
            new ImagePlaces(config),
            new S3Store(config.s3(), timeout, workers),
            MAX_BYTES,
            timeout,
            workers);
  }

  @AfterEach
  void close() throws IOException {
    fetcher.close();
    server.close();
    workers.shutdownNow();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        workers.execute(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      byte[] request = new byte[10_000];
      int read = socket.getInputStream().read(request);
      Answer how = answer;
      if (read > 0 && how == null) {
        say(
            socket.getOutputStream(),
            OK + "Content-Length: 8\r\nConnection: close\r\n\r\n" + new String(CONTENT, US_ASCII));
      } else if (read > 0) {
        how.to(socket, socket.getOutputStream());
      }
    } catch (IOException | InterruptedException e) {
      // The client has enough.
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @EnumSource(Answer.class)
  void aHostCostsItsImageAndNoTime(Answer how) throws Exception {
    answer = how;
    assertThat(failure("http://127.0.0.1:" + server.getLocalPort() + "/a.png"))
        .isInstanceOf(RejectedImageException.class);
    answer = null;
    assertThat(fetch("http://127.0.0.1:" + server.getLocalPort() + "/a.png")).isEqualTo(CONTENT);
  }

  @ParameterizedTest
  @EnumSource(Answer.class)
  void aStoreIsAwayUnlessItsObjectIsAtFault(Answer how) throws Exception {
    answer = how;
    assertThat(failure("s3://photos/a.png"))
        .isInstanceOf(how.away ? PlaceUnavailableException.class : RejectedImageException.class);
    answer = null;
    assertThat(fetch("s3://photos/a.png")).isEqualTo(CONTENT);
  }

  private Throwable failure(String uri) throws Exception {
    long began = System.nanoTime();
    long before = used();
    try {
      fetch(uri);
    } catch (ExecutionException e) {
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(6));
      assertThat(used() - before).isLessThan(200L << 20);
      return e.getCause();
    }
    throw new AssertionError("there is an image");
  }

  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private byte[] fetch(String uri) throws Exception {
    return fetcher.fetch(uri).get(20, TimeUnit.SECONDS);
  }
}
