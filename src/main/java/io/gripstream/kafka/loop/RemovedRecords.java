package io.gripstream.kafka.loop;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Finds out what retention removed while a role was still to read it. */
public final class RemovedRecords {
  private static final Logger LOG = Logger.getLogger(RemovedRecords.class);

  /** Offsets that the ends of transactions take, one each; retention removes whole segments. */
  private static final int MARKERS = 2;

  private RemovedRecords() {}

  /** Counts them. */
  public static Counter counter(MeterRegistry registry, String role) {
    return Counter.builder("gripstream.records.removed")
        .description("Records that retention removed while they were still to be read")
        .tag("role", role)
        .register(registry);
  }

  /**
   * How many were removed; if any, the log says where.
   *
   * @param next the offset behind what the role has read
   * @param offset of what came then
   * @param beginning where the partition begins now; asked when offsets are missing
   */
  public static long between(
      String role, TopicPartition partition, long next, long offset, LongSupplier beginning) {
    if (offset - next <= MARKERS) {
      return 0;
    }
    // Else an aborted transaction lies there, or what was compacted away.
    long removed = Math.min(beginning.getAsLong(), offset) - next;
    if (removed <= 0) {
      return 0;
    }
    LOG.warnf(
        "%s: retention has removed %d records of %s, from offset %d on, that were still to be read",
        role, removed, partition, next);
    return removed;
  }
}
