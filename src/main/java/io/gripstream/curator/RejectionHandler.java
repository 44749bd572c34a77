package io.gripstream.curator;

import io.gripstream.kafka.Fault;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Records that break the contract go to the dead letters, and the stream goes on. Any other
 * exception stops it, and its transaction is aborted: the state may be changed in part. A record
 * that did so several times is refused before it changes anything ({@link Rejections#refuse}).
 */
public final class RejectionHandler implements ProcessingExceptionHandler {
  private Rejections rejections;

  @Override
  public void configure(Map<String, ?> configs) {
    rejections = Rejections.of(configs);
  }

  @Override
  public Response handleError(
      ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
    if (!(exception instanceof RejectedRecordException why)) {
      if (Fault.of(exception) == Fault.RECORD) {
        rejections.diedOf(context.topic(), context.partition(), context.offset(), exception);
      }
      return Response.fail();
    }
    // Not where it lies now: a misplaced record has come by a topic that nobody knows.
    Arrival arrival = (Arrival) record.value();
    ConsumerRecord<byte[], byte[]> source =
        new ConsumerRecord<>(
            arrival.topic(),
            arrival.partition(),
            arrival.offset(),
            arrival.time(),
            TimestampType.CREATE_TIME,
            length(arrival.key()),
            length(arrival.value()),
            arrival.key(),
            arrival.value(),
            context.headers() == null ? new RecordHeaders() : context.headers(),
            Optional.empty());
    return Response.resume(rejections.reject(source, why));
  }

  private static int length(byte[] bytes) {
    return bytes == null ? ConsumerRecord.NULL_SIZE : bytes.length;
  }
}
