package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Reads the configuration where Quarkus does not run, or not yet: from system properties, the
 * environment and {@code config/application.properties} of the working directory, in this order.
 */
final class Settings {
  /** What Quarkus ranks the same file. */
  private static final int FILE_ORDINAL = 260;

  /** Above system properties, which rank 400. */
  private static final int OPTION_ORDINAL = 500;

  private Settings() {}

  static GripstreamConfig load() {
    return load(Map.of());
  }

  /**
   * @param overrides keys that are set for this reader alone
   */
  static GripstreamConfig load(Map<String, String> overrides) {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .addDefaultSources()
            .addDiscoveredConverters()
            .withSources(new PropertiesConfigSource(overrides, "options", OPTION_ORDINAL))
            .withMapping(GripstreamConfig.class)
            .withValidateUnknown(false);
    Path file = Path.of("config", "application.properties");
    if (Files.isRegularFile(file)) {
      try {
        builder.withSources(new PropertiesConfigSource(file.toUri().toURL(), FILE_ORDINAL));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return builder.build().getConfigMapping(GripstreamConfig.class);
  }

  /** Sets a key for this process, unless the option that it comes from was not given. */
  static void set(String key, Object value) {
    if (value != null) {
      System.setProperty(key, value.toString());
    }
  }
}
