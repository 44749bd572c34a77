package io.gripstream.role;

import io.gripstream.GripstreamConfig;

/**
 * A part that a process can play. {@link Roles} starts those that are chosen and closes them.
 *
 * <pre>
 *   start --> (started) --> close
 *     |  ^
 *     +--+ brokers or registry away: closed, and started anew after a pause
 * </pre>
 */
public interface Role {
  /** Which it is. */
  GripstreamConfig.Role part();

  /**
   * Begins to work, and returns soon after.
   *
   * @throws org.apache.kafka.common.KafkaException with a cause that may pass: it is tried again
   * @throws RuntimeException any other: the process cannot play this role, and ends
   */
  void start();

  /** Why it does not work at present; empty: it does. Asked between start and close. */
  String notReady();

  /** Why only a restart helps, a thread that died or hangs; empty: it lives. Asked likewise. */
  String notAlive();

  /** Ends in order, also what a failed start has left. */
  void close();
}
