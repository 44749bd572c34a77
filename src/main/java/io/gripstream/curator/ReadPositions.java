package io.gripstream.curator;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps how far each input partition was read, and passes on what was. */
final class ReadPositions extends ContextualProcessor<String, Arrival, String, Arrival> {
  private KeyValueStore<String, String> read;

  @Override
  public void init(ProcessorContext<String, Arrival> context) {
    super.init(context);
    read = context.getStateStore(CuratorTopology.POSITIONS);
  }

  @Override
  public void process(Record<String, Arrival> record) {
    Arrival arrival = record.value();
    read.put(arrival.position(), Long.toString(arrival.offset() + 1));
    context().forward(record);
  }
}
