package io.gripstream.kafka.registry;

/**
 * No schema has this id, or none that can be read: whoever wrote the record used another registry,
 * or wrote something else.
 */
public final class UnknownSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UnknownSchemaException(int id) {
    super("no schema has the id " + id);
  }

  /**
   * @param why it cannot be read
   */
  public UnknownSchemaException(int id, String why) {
    super("the schema with the id %d cannot be read: %s".formatted(id, why));
  }
}
