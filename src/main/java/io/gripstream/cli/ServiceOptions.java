package io.gripstream.cli;

import io.gripstream.GripstreamConfig.Role;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/**
 * The options that set the service up. Each one is a configuration key, so that whatever is not
 * given here still comes from the environment or a file.
 */
final class ServiceOptions {
  static final int PORT = 8080;
  static final int BROKER_PORT = 9092;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where stream state, the embedded broker's log and models are kept.")
  Path data;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Of the page, the REST interface and the registry. Default: " + PORT + ".")
  Integer port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address to listen on. Default: localhost; 0.0.0.0 for every interface.")
  String host;

  @Option(
      names = "--broker-port",
      paramLabel = "N",
      description = "Of the embedded broker. Default: " + BROKER_PORT + ".")
  Integer brokerPort;

  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      description =
          "pico (the embedded model, default), a folder in the Hugging Face layout, or a name on a"
              + " hub such as openai/clip-vit-base-patch32, fetched once.")
  String model;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "auto (default), cpu, cuda or cuda:n.")
  String device;

  /** Makes system properties of what was given. */
  void apply() {
    Settings.set("gripstream.data-directory", data);
    Settings.set("gripstream.http.port", port);
    Settings.set("gripstream.http.host", host);
    Settings.set("gripstream.model", model);
    Settings.set("gripstream.device", device);
  }

  /** The roles as their configuration key takes them. */
  static String names(Set<Role> roles) {
    return roles.stream()
        .map(role -> role.name().toLowerCase(Locale.ROOT))
        .sorted()
        .collect(Collectors.joining(","));
  }
}
