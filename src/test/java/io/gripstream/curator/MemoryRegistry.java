package io.gripstream.curator;

import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.UnknownSchemaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/** Schema ids for one test. */
final class MemoryRegistry implements SchemaRegistry {
  private final List<Schema> schemas = new ArrayList<>();

  @Override
  public synchronized int register(String subject, Schema schema) {
    if (!schemas.contains(schema)) {
      schemas.add(schema);
    }
    return schemas.indexOf(schema);
  }

  @Override
  public synchronized Schema byId(int id) {
    if (id < 0 || id >= schemas.size()) {
      throw new UnknownSchemaException(id);
    }
    return schemas.get(id);
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
