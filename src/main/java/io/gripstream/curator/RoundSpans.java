package io.gripstream.curator;

import io.gripstream.kafka.Topics;
import io.gripstream.kafka.trace.RoundStep;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.kafka.trace.Uncommitted;
import io.opentelemetry.api.trace.Span;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/**
 * The curator's spans of rounds. Kafka Streams commits for many records at once, and tells no
 * processor; so its producers do: a span ends with the transaction of the stream thread that began
 * it.
 */
final class RoundSpans {
  /** None. */
  static final RoundSpans OFF = new RoundSpans(Traces.OFF, new Topics(""));

  private final Traces traces;
  private final Topics topics;
  private final ThreadLocal<Uncommitted> uncommitted = ThreadLocal.withInitial(Uncommitted::new);

  RoundSpans(Traces traces, Topics topics) {
    this.traces = traces;
    this.topics = topics;
  }

  /** A batch is closed because of a record with these headers. */
  Span close(Headers cause, String task, int round, int version) {
    return traces.round(RoundStep.CLOSE, topics.batches(), cause, task, round, version);
  }

  /** A candidate that bears a round's trace is judged; without one, the invalid span. */
  Span judge(Headers candidate, String task, int round, int version) {
    return traces.continues(candidate)
        ? traces.round(RoundStep.JUDGE, topics.candidates(), candidate, task, round, version)
        : Span.getInvalid();
  }

  /** What the span tells of is to be committed. */
  void handled(Span span) {
    if (span.isRecording()) {
      uncommitted.get().add(span);
    }
  }

  /** The record is not processed; it is tried again, or refused. */
  void failed(Span span, RuntimeException cause) {
    Traces.fail(span, cause);
    span.end();
  }

  /** Kafka Streams' own clients, but that the producers tell of their transactions. */
  DefaultKafkaClientSupplier clients() {
    return new DefaultKafkaClientSupplier() {
      @Override
      public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        return traces.on() ? new Telling(config) : super.getProducer(config);
      }
    };
  }

  private final class Telling extends KafkaProducer<byte[], byte[]> {
    Telling(Map<String, Object> config) {
      super(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void commitTransaction() {
      super.commitTransaction();
      uncommitted.get().committed();
    }

    @Override
    public void abortTransaction() {
      uncommitted.get().thrownAway();
      super.abortTransaction();
    }

    @Override
    public void close(Duration timeout) {
      uncommitted.get().thrownAway();
      super.close(timeout);
    }
  }
}
