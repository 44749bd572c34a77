package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.gripstream.GripstreamConfig.Role;
import java.io.PrintWriter;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs roles of the service until the process is ended. */
@Command(
    name = "serve",
    description =
        "Runs the service: the roles you choose, against your brokers or one of its own."
            + " Every option is also a configuration key (see docs/configuration.md).")
public final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServiceOptions service;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT,...",
      description = "Your Kafka brokers. Default: a broker in this process.")
  private String bootstrapServers;

  @Option(
      names = "--roles",
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "ROLE",
      description = "Which to run, of labeler, curator, refiner and gateway. Default: all.")
  private Set<Role> roles;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description = "A Confluent-compatible schema registry. Default: one in this process.")
  private String registry;

  @Override
  public Integer call() {
    service.apply();
    Settings.set("gripstream.kafka.bootstrap-servers", bootstrapServers);
    Settings.set("gripstream.registry.url", registry);
    if (roles != null) {
      Settings.set("gripstream.roles", ServiceOptions.names(roles));
    }
    PrintWriter out = spec.commandLine().getOut();
    GripstreamConfig.Http http = Settings.load().http();
    Ports.requireFree(http.port(), "--port", "--port 0 for any");
    GripstreamConfig config =
        ServiceProcess.prepare(
            service.brokerPort == null ? ServiceOptions.BROKER_PORT : service.brokerPort,
            new Terminal(out));

    out.printf("roles    %s%n", ServiceOptions.names(config.roles()));
    out.printf("brokers  %s%n", config.kafka().bootstrapServers().orElseThrow());
    out.printf("page     http://%s:%d%n", http.host(), http.port());
    out.flush();
    ServiceProcess.run();
    return 0;
  }
}
