package io.gripstream.messaging;

/**
 * No schema has this id: whoever wrote the record used another registry, or wrote something else.
 */
public final class UnknownSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UnknownSchemaException(int id) {
    super("no schema has the id " + id);
  }
}
