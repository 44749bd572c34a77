package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads the configuration where Quarkus does not run, or not yet: from system properties, the
 * environment and {@code config/application.properties} of the working directory, in this order.
 */
final class Settings {
  /** What Quarkus ranks the same file. */
  private static final int FILE_ORDINAL = 260;

  private Settings() {}

  static GripstreamConfig load() {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .addDefaultSources()
            .addDiscoveredConverters()
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
