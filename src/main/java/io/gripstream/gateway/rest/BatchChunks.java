package io.gripstream.gateway.rest;

import io.gripstream.event.RefinementBatch;
import io.gripstream.gateway.Gateway;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.UnreadableRecordException;
import java.time.Duration;
import java.util.List;

/** Reads the records that a round's batch is made of. */
final class BatchChunks {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private BatchChunks() {}

  /** In the order of their positions. */
  static List<RefinementBatch> read(Gateway gateway, Topics topics, List<Position> positions)
      throws UnreadableRecordException {
    return gateway.reader().readAll(topics.batches(), positions, TIMEOUT).stream()
        .map(
            record ->
                gateway
                    .serdes()
                    .batches()
                    .deserializer()
                    .deserialize(topics.batches(), record.value()))
        .toList();
  }
}
