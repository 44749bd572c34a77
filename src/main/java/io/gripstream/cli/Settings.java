package io.gripstream.cli;

import io.gripstream.GripstreamConfig;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the configuration where Quarkus does not run, or not yet: from system properties, the
 * environment and {@code config/application.properties} of the working directory, in this order.
 */
public final class Settings {
  /** What Quarkus ranks the same file. */
  private static final int FILE_ORDINAL = 260;

  /** Above system properties, which rank 400. */
  private static final int OPTION_ORDINAL = 500;

  private static final Pattern BAD_VALUE =
      Pattern.compile("property (\\S+) with the config value \"(.*?)\"");

  /** What a header may hold. */
  private static final String SENDABLE = "[!-~]+";

  private Settings() {}

  public static GripstreamConfig load() {
    return load(Map.of());
  }

  /**
   * @param overrides keys that are set for this reader alone
   * @throws CommandFailure when a key is not known, or its value is none
   */
  public static GripstreamConfig load(Map<String, String> overrides) {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .addDefaultSources()
            .addDiscoveredConverters()
            .withSources(new PropertiesConfigSource(overrides, "options", OPTION_ORDINAL))
            .withMapping(GripstreamConfig.class)
            .withValidateUnknown(false);
    Set<String> names = new HashSet<>(overrides.keySet());
    names.addAll(System.getProperties().stringPropertyNames());
    Path file = Path.of("config", "application.properties");
    if (Files.isRegularFile(file)) {
      try {
        PropertiesConfigSource source =
            new PropertiesConfigSource(file.toUri().toURL(), FILE_ORDINAL);
        names.addAll(source.getPropertyNames());
        builder.withSources(source);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    ConfigKeys.requireKnown(System.getenv().keySet(), names);
    try {
      GripstreamConfig config = builder.build().getConfigMapping(GripstreamConfig.class);
      config.key().ifPresent(Settings::requireSendable);
      return config;
    } catch (ConfigValidationException e) {
      throw new CommandFailure(sentence(e.getProblem(0).getMessage()));
    }
  }

  /** HTTP's clients refuse it, too, but say what it is. */
  private static void requireSendable(String key) {
    if (!key.matches(SENDABLE)) {
      throw new CommandFailure("gripstream.key must be one word of ASCII characters");
    }
  }

  private static String sentence(String problem) {
    Matcher value = BAD_VALUE.matcher(problem);
    return value.find()
        ? "%s has no such value as \"%s\"".formatted(value.group(1), value.group(2))
        : problem;
  }

  /** Sets a key for this process, unless the option that it comes from was not given. */
  static void set(String key, Object value) {
    if (value != null) {
      System.setProperty(key, value.toString());
    }
  }
}
