package io.gripstream.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that is started again whenever it is not there, as an orchestrator does. Thread-safe.
 */
final class Member {
  /** What Kubernetes gives a process to end in order. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  /** What the probes of {@code k8s/} give a process that says that it is not alive. */
  private static final Duration UNHEALTHY = Duration.ofSeconds(30);

  private static final Duration PROBE = Duration.ofSeconds(2);
  private static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(PROBE).build();

  private final String name;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Path directory;
  private final Path log;
  private final URI health;

  private final List<Duration> startsAfterKill = new ArrayList<>();
  private volatile Process process;
  private boolean away;
  private boolean killed;
  private boolean ready;
  private long startedAt;
  private long notAliveSince;
  private int exits;

  /**
   * @param directory what the process keeps, and may lose
   * @param log what it prints is added to this file
   * @param health where its probes are; null: it has none
   */
  Member(
      String name,
      List<String> command,
      Map<String, String> environment,
      Path directory,
      Path log,
      URI health) {
    this.name = name;
    this.command = command;
    this.environment = environment;
    this.directory = directory;
    this.log = log;
    this.health = health;
  }

  String name() {
    return name;
  }

  synchronized void start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    process = builder.start();
    away = false;
    ready = false;
    startedAt = System.nanoTime();
    notAliveSince = 0;
  }

  /**
   * Begins a fault.
   *
   * @return false if the process is away already, and nothing was done
   */
  synchronized boolean begin(Faults.Kind kind) throws IOException, InterruptedException {
    if (away || !process.isAlive()) {
      return false;
    }
    away = true;
    killed = kind == Faults.Kind.KILL;
    signal(
        switch (kind) {
          case KILL -> "KILL";
          case TERMINATE -> "TERM";
          case FREEZE -> "STOP";
        });
    return true;
  }

  /**
   * Ends a fault: wakes the process, or starts it again when it has ended.
   *
   * @param wipe whether it loses its directory before it starts
   */
  void end(Faults.Kind kind, boolean wipe) throws IOException, InterruptedException {
    if (kind == Faults.Kind.FREEZE) {
      wake();
      return;
    }
    // While it is away nobody else replaces it, and its end is awaited without the lock.
    Process ending = process;
    if (!ending.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
      say("does not end in order in " + GRACE.toSeconds() + " s: killed");
      ending.destroyForcibly().waitFor();
    }
    if (wipe) {
      Directories.delete(directory);
      lost();
    }
    start();
  }

  /**
   * A start without its disk has another goal: Kafka Streams knows its open transaction by an id
   * that lies there, and waits without it until the brokers end that, half a minute at most.
   */
  private synchronized void lost() {
    killed = false;
  }

  private synchronized void wake() throws IOException, InterruptedException {
    signal("CONT");
    away = false;
  }

  /** Starts the process again if it has ended by itself, or says that it is not alive. */
  synchronized void supervise() throws IOException, InterruptedException {
    if (away) {
      return;
    }
    if (!process.isAlive()) {
      exits++;
      killed = false;
      say("ended by itself with " + process.exitValue());
      start();
    } else if (health != null) {
      if (!ready && status("ready") == 200) {
        ready = true;
        Duration took = Duration.ofNanos(System.nanoTime() - startedAt);
        if (killed) {
          startsAfterKill.add(took);
        }
      }
      superviseLiveness();
    }
  }

  private void superviseLiveness() throws IOException, InterruptedException {
    if (status("live") != 503) {
      notAliveSince = 0;
    } else if (notAliveSince == 0) {
      notAliveSince = System.nanoTime();
    } else if (System.nanoTime() - notAliveSince > UNHEALTHY.toNanos()) {
      exits++;
      killed = false;
      say("is not alive: killed");
      process.destroyForcibly().waitFor();
      start();
    }
  }

  /** Whether it runs and takes work now. */
  synchronized boolean ready() throws InterruptedException {
    return !away
        && process != null
        && process.isAlive()
        && (health == null || status("ready") == 200);
  }

  /** How often it ended, or had to be ended, without a fault of the plan. */
  synchronized int exits() {
    return exits;
  }

  /**
   * From each start with its disk after a SIGKILL until it was ready, unless the next fault came
   * before.
   */
  synchronized List<Duration> startsAfterKill() {
    return List.copyOf(startsAfterKill);
  }

  synchronized void destroy() throws InterruptedException {
    away = true;
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  /**
   * @return 0: no answer
   */
  private int status(String probe) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(health.resolve("/q/health/" + probe)).timeout(PROBE).build();
    try {
      return HTTP.send(request, BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private void signal(String signal) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    assertThat(code).as("kill -%s of %s", signal, name).isZero();
  }

  private void say(String what) {
    System.out.println("chaos: " + name + " " + what);
  }
}
