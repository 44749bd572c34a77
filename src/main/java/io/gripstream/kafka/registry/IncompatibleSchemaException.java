package io.gripstream.kafka.registry;

/** The registry refuses a schema: with it, what the subject holds already could not be read. */
public final class IncompatibleSchemaException extends RegistryRefusedException {
  private static final long serialVersionUID = 1;

  public IncompatibleSchemaException(String message) {
    super(message);
  }
}
