package io.gripstream.kafka;

import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.gripstream.kafka.registry.SchemaRegistry;
import java.util.function.IntFunction;
import org.apache.avro.Schema;

/** Takes no schema; whether it gives one is up to a test. */
public final class RefusingRegistry implements SchemaRegistry {
  private final IntFunction<Schema> byId;

  public RefusingRegistry(IntFunction<Schema> byId) {
    this.byId = byId;
  }

  @Override
  public int register(String subject, Schema schema) {
    throw new IncompatibleSchemaException("no default for b");
  }

  @Override
  public Schema byId(int id) {
    return byId.apply(id);
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
