package io.gripstream.kafka.registry;

import org.apache.avro.Schema;

/**
 * Gives Avro schemas small ids, and finds them again by these.
 *
 * <p>Implementations may be used by many threads. Whoever creates a registry closes it; the serdes
 * that use it do not.
 */
public interface SchemaRegistry extends AutoCloseable {
  /**
   * Makes a schema known, or finds it.
   *
   * @param subject where the schema is used: {@code <topic>-value}
   * @return the schema's id, the same one every time and for every subject
   * @throws IncompatibleSchemaException if records written with the subject's latest schema could
   *     not be read with this one
   * @throws RegistryRefusedException if the registry refuses for another reason
   * @throws RegistryUnavailableException if the registry cannot answer now
   */
  int register(String subject, Schema schema);

  /**
   * @throws UnknownSchemaException if no schema has this id, or none that Avro can read
   * @throws RegistryRefusedException if the registry refuses to answer
   * @throws RegistryUnavailableException if the registry cannot answer now
   */
  Schema byId(int id);

  /**
   * Asks the registry anything, so that one that is away, or says no, is noticed before the first
   * record.
   *
   * @throws RegistryRefusedException if the registry refuses to answer
   * @throws RegistryUnavailableException if the registry cannot answer now
   */
  default void check() {
    try {
      byId(1);
    } catch (UnknownSchemaException e) {
      // It has answered.
      return;
    }
  }

  /** Why what it knows may be out of date; empty: it is not. */
  default String notReady() {
    return "";
  }

  /** Why only a restart of the process helps, such as a thread that died; empty: nothing. */
  default String notAlive() {
    return "";
  }

  @Override
  void close();
}
