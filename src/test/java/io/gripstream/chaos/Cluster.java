package io.gripstream.chaos;

import static java.util.stream.Collectors.toMap;
import static org.awaitility.Awaitility.await;

import io.gripstream.Jvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The packaged service in processes of its own: two labelers, two curators, two refiners, a gateway
 * with the registry, and a broker. Small, so that all of them fit on two processors.
 */
final class Cluster implements AutoCloseable {
  private static final Path APPLICATION = Path.of("target", "quarkus-app", "quarkus-run.jar");
  private static final Duration START = Duration.ofMinutes(3);
  private static final long SUPERVISE_MILLIS = 250;
  private static final int THREADS = 16;

  private final Path home;
  private final int brokerPort = freePort();
  private final int gatewayPort = freePort();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(THREADS);
  private final Thread destroyer = new Thread(this::destroy, "chaos-destroyer");
  private volatile Exception failure;

  /**
   * @param home holds the processes' directories and logs
   */
  Cluster(Path home) throws IOException {
    if (!Files.exists(APPLICATION)) {
      throw new IllegalStateException(
          APPLICATION + " is not there: build it with mvn -DskipTests package");
    }
    this.home = home;
    Files.createDirectories(home);
    add(
        "broker",
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            BrokerProcess.class.getName(),
            directory("broker").toString(),
            Integer.toString(brokerPort)),
        null);
    addRole("gateway", "gateway", gatewayPort);
    for (String role : List.of("labeler", "curator", "refiner")) {
      addRole(role + "-1", role, freePort());
      addRole(role + "-2", role, freePort());
    }
  }

  /** Returns when every process is ready. From now on what ends by itself is started again. */
  void start() throws IOException, InterruptedException {
    Runtime.getRuntime().addShutdownHook(destroyer);
    // Whoever finds no broker or no registry ends: they come first.
    members.get("broker").start();
    await("the broker listens").atMost(START).until(this::listens);
    members.get("gateway").start();
    await("the gateway is ready").atMost(START).until(members.get("gateway")::ready);
    for (Member member : members.values()) {
      if (!member.ready()) {
        member.start();
      }
    }
    awaitReady(START);
    for (Member member : members.values()) {
      timer.scheduleWithFixedDelay(
          () -> supervise(member), 0, SUPERVISE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  String brokers() {
    return "localhost:" + brokerPort;
  }

  URI gateway() {
    return URI.create("http://localhost:" + gatewayPort);
  }

  List<String> names() {
    return List.copyOf(members.keySet());
  }

  /** Carries the plan out, and returns when the last fault is over. */
  void suffer(List<Faults.Fault> plan) throws Exception {
    List<Future<?>> faults = new ArrayList<>();
    for (Faults.Fault fault : plan) {
      Callable<Void> task =
          () -> {
            suffer(fault);
            return null;
          };
      faults.add(timer.schedule(task, fault.at().toMillis(), TimeUnit.MILLISECONDS));
    }
    for (Future<?> fault : faults) {
      fault.get();
    }
  }

  /** Until every process is ready. */
  void awaitReady(Duration atMost) {
    await("every process is ready")
        .atMost(atMost)
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              if (failure != null) {
                throw failure;
              }
              for (Member member : members.values()) {
                if (!member.ready()) {
                  return false;
                }
              }
              return true;
            });
  }

  /** What a process plays: the first and the second of a role play the same. */
  static String role(String member) {
    return member.replaceFirst("-\\d$", "");
  }

  /** From a start after a SIGKILL until ready, of all processes of a role. */
  Map<String, List<Duration>> startsAfterKill() {
    return members.values().stream()
        .filter(member -> !member.startsAfterKill().isEmpty())
        .collect(
            toMap(
                member -> role(member.name()),
                Member::startsAfterKill,
                (one, other) -> {
                  List<Duration> both = new ArrayList<>(one);
                  both.addAll(other);
                  return both;
                },
                LinkedHashMap::new));
  }

  /** How often processes ended by themselves, or had to be ended. */
  int exits() {
    return members.values().stream().mapToInt(Member::exits).sum();
  }

  private void suffer(Faults.Fault fault) throws IOException, InterruptedException {
    Member member = members.get(fault.member());
    boolean begun = member.begin(fault.kind());
    System.out.printf(
        "chaos: %5.1f s  %-9s %s for %.1f s%s%s%n",
        fault.at().toMillis() / 1000.0,
        fault.kind(),
        fault.member(),
        fault.lasts().toMillis() / 1000.0,
        fault.wipe() ? ", its state is lost" : "",
        begun ? "" : ": is away already");
    if (begun) {
      // There is no condition to wait for: the fault is that it takes so long.
      Thread.sleep(fault.lasts().toMillis());
      member.end(fault.kind(), fault.wipe());
    }
  }

  private void supervise(Member member) {
    try {
      member.supervise();
    } catch (IOException e) {
      // A timer forgets what a task throws; the test shall not.
      failure = e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket("localhost", brokerPort)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private void addRole(String name, String role, int port) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-Dai.djl.offline=true",
                "-jar",
                APPLICATION.toString(),
                "serve",
                "--roles=" + role,
                "--bootstrap-servers=" + brokers(),
                "--port=" + port,
                "--data=" + directory(name)));
    if (!role.equals("gateway")) {
      arguments.add("--registry=" + gateway());
    }
    add(name, arguments, URI.create("http://localhost:" + port));
  }

  private void add(String name, List<String> arguments, URI health) {
    List<String> command = Jvm.command("320m", "-Djava.awt.headless=true");
    command.addAll(arguments);
    Map<String, String> environment =
        Map.of(
            "GRIPSTREAM_KAFKA_INSTANCE_ID", name,
            "GRIPSTREAM_KAFKA_PARTITIONS", "2",
            "OMP_NUM_THREADS", "1",
            "GOMP_SPINCOUNT", "20000");
    members.put(
        name,
        new Member(
            name, command, environment, directory(name), home.resolve(name + ".log"), health));
  }

  private Path directory(String name) {
    return home.resolve("data").resolve(name);
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void destroy() {
    for (Member member : members.values()) {
      try {
        member.destroy();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    destroy();
    Runtime.getRuntime().removeShutdownHook(destroyer);
  }
}
