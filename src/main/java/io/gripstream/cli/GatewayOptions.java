package io.gripstream.cli;

import java.net.URI;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which service a command asks, and as whom. */
final class GatewayOptions {
  @Option(
      names = "--gateway",
      paramLabel = "URL",
      defaultValue = "http://localhost:" + ServiceOptions.PORT,
      description = "A running service. Default: ${DEFAULT-VALUE}.")
  private URI gateway;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "What the service lets in. Better set by the variable GRIPSTREAM_KEY, which other users of"
              + " the machine do not see.")
  private String key;

  RestClient client() {
    Map<String, String> given = key == null ? Map.of() : Map.of("gripstream.key", key);
    return new RestClient(gateway, Settings.load(given).key());
  }
}
