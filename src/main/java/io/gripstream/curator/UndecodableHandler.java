package io.gripstream.curator;

import io.gripstream.messaging.Fault;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/**
 * Bytes that are no record of ours go to the dead letters, and the stream goes on. If they could
 * not be read for a reason that says nothing of them, such as a registry that did not answer, it
 * stops instead: they may be good.
 *
 * <p>Not Kafka's own dead letter queue (KIP-1034), whose headers are others than those that all of
 * Gripstream's dead letters bear.
 */
public final class UndecodableHandler implements DeserializationExceptionHandler {
  private Rejections rejections;

  @Override
  public void configure(Map<String, ?> configs) {
    rejections = Rejections.of(configs);
  }

  @Override
  public Response handleError(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    if (Fault.of(exception) != Fault.RECORD) {
      return Response.fail();
    }
    return Response.resume(rejections.reject(record, "undecodable: " + exception.getMessage()));
  }
}
