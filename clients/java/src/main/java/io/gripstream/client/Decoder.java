package io.gripstream.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Decodes Confluent's wire format: a zero byte, the id of the writer's schema as 4 bytes
 * big-endian, and the value in Avro's binary encoding. Each schema is asked for once. Thread-safe.
 */
final class Decoder<T extends SpecificRecord> {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int LEAD = 5;
  private static final int NOT_FOUND = 404;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final Map<Integer, Schema> writers = new ConcurrentHashMap<>();
  private final String registry;
  private final Class<T> type;

  /**
   * @param registry the root of Confluent's REST API, such as the address of a gateway
   */
  Decoder(URI registry, Class<T> type) {
    this.registry = registry.toString().replaceAll("/+$", "");
    this.type = type;
  }

  /**
   * @throws UnreadableRecordException when the record is none of its topic
   * @throws IOException when the registry does not answer: nothing follows for the record
   */
  T decode(byte[] value) throws UnreadableRecordException, IOException {
    if (value.length < LEAD || value[0] != 0) {
      throw new UnreadableRecordException("the record is not in Confluent's wire format", null);
    }
    int id = ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
    Schema writer = writers.get(id);
    if (writer == null) {
      writer = ask(id);
      writers.put(id, writer);
    }
    BinaryDecoder bytes =
        DecoderFactory.get().binaryDecoder(value, LEAD, value.length - LEAD, null);
    try {
      Schema reader = SpecificData.getForClass(type).getSchema(type);
      return new SpecificDatumReader<T>(writer, reader).read(null, bytes);
    } catch (IOException | RuntimeException e) {
      // Avro says in many ways that bytes are none of a schema.
      throw new UnreadableRecordException("the record is no " + type.getSimpleName(), e);
    }
  }

  private Schema ask(int id) throws UnreadableRecordException, IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id))
            .timeout(TIMEOUT)
            .build();
    HttpResponse<String> answer;
    try {
      answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking " + registry);
    }
    if (answer.statusCode() == NOT_FOUND) {
      throw new UnreadableRecordException("%s knows no schema %d".formatted(registry, id), null);
    }
    if (answer.statusCode() != 200) {
      throw new IOException(
          "%s answers with status %d to schema %d".formatted(registry, answer.statusCode(), id));
    }
    try {
      JsonNode text = JSON.readTree(answer.body()).path("schema");
      return new Schema.Parser().parse(text.asText());
    } catch (JsonProcessingException | AvroRuntimeException e) {
      throw new UnreadableRecordException("schema %d is no Avro schema".formatted(id), e);
    }
  }
}
