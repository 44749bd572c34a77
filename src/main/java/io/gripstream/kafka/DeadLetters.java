package io.gripstream.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Writes what cannot be processed to a topic of its own: the original key, value and headers, byte
 * for byte, and in further headers (UTF-8 text) why and where from:
 *
 * <ul>
 *   <li>{@code cause}: what is wrong with it, in words, at most {@value #MAX_CAUSE} characters
 *   <li>{@code role}: who says so
 *   <li>{@code origin.topic}, {@code origin.partition}, {@code origin.offset}: where it was read
 *   <li>{@code origin.timestamp}: milliseconds since 1970
 *   <li>{@code origin.size}: only when the record is larger than a letter may be, which happens
 *       when its producer compressed it: the size of the value in bytes, which is then left out
 * </ul>
 */
public final class DeadLetters {
  public static final String CAUSE = "cause";
  public static final String ROLE = "role";
  public static final String ORIGIN_TOPIC = "origin.topic";
  public static final String ORIGIN_PARTITION = "origin.partition";
  public static final String ORIGIN_OFFSET = "origin.offset";
  public static final String ORIGIN_TIMESTAMP = "origin.timestamp";
  public static final String ORIGIN_SIZE = "origin.size";

  static final int MAX_CAUSE = 2000;

  private final String topic;
  private final int largest;

  /** For records that bear no image larger than the default. */
  public DeadLetters(Topics topics) {
    this(topics, KafkaClients.MAX_RECORD_BYTES);
  }

  /**
   * @param largest how many bytes a record may have to be kept as it was: {@link
   *     KafkaClients#recordBytes}
   */
  public DeadLetters(Topics topics, int largest) {
    this.topic = topics.deadLetters();
    this.largest = largest;
  }

  /**
   * @param role which part of Gripstream cannot process the record
   * @param cause why, in words; null is taken for unknown
   */
  public ProducerRecord<byte[], byte[]> letter(
      ConsumerRecord<byte[], byte[]> record, String role, String cause) {
    byte[] key = record.key();
    byte[] value = record.value();
    RecordHeaders headers = new RecordHeaders();
    long size = size(key) + size(value);
    for (Header header : record.headers()) {
      size += header.key().length() * 3L + size(header.value()) + 10;
    }
    if (size <= largest) {
      record.headers().forEach(headers::add);
    } else {
      headers.add(ORIGIN_SIZE, text(size(value)));
      value = null;
      key = key != null && key.length > MAX_CAUSE ? null : key;
    }
    headers.add(CAUSE, truncated(cause == null ? "unknown" : cause).getBytes(UTF_8));
    headers.add(ROLE, role.getBytes(UTF_8));
    headers.add(ORIGIN_TOPIC, record.topic().getBytes(UTF_8));
    headers.add(ORIGIN_PARTITION, text(record.partition()));
    headers.add(ORIGIN_OFFSET, text(record.offset()));
    headers.add(ORIGIN_TIMESTAMP, text(record.timestamp()));
    return new ProducerRecord<>(topic, null, key, value, headers);
  }

  private static String truncated(String cause) {
    return cause.length() <= MAX_CAUSE ? cause : cause.substring(0, MAX_CAUSE - 1) + "…";
  }

  private static int size(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static byte[] text(long number) {
    return Long.toString(number).getBytes(UTF_8);
  }
}
