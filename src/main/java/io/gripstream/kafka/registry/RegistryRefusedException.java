package io.gripstream.kafka.registry;

import org.apache.kafka.common.errors.InvalidConfigurationException;

/**
 * The schema registry says no, and will say so again: to these credentials, to this build's
 * schemas, or because its topic is somebody else's. No record is to blame.
 */
public class RegistryRefusedException extends InvalidConfigurationException {
  private static final long serialVersionUID = 1;

  public RegistryRefusedException(String message) {
    super(message);
  }

  public RegistryRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
