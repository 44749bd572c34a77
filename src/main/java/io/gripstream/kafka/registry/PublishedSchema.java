package io.gripstream.kafka.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import org.apache.avro.Schema;

/** A schema as others shall see it: without what only tells Java which class a string becomes. */
public final class PublishedSchema {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String JAVA_STRING = "avro.java.string";

  private PublishedSchema() {}

  public static Schema of(Schema schema) {
    try {
      return new Schema.Parser().parse(stripped(JSON.readTree(schema.toString())).toString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Avro wrote a schema that is not JSON", e);
    }
  }

  private static JsonNode stripped(JsonNode node) {
    if (node instanceof ObjectNode object) {
      boolean string = object.remove(JAVA_STRING) != null;
      if (string && object.size() == 1 && object.path("type").isTextual()) {
        return object.get("type");
      }
      for (Iterator<String> names = object.deepCopy().fieldNames(); names.hasNext(); ) {
        String name = names.next();
        // A default is data: it is the writer's, whatever it looks like.
        if (!name.equals("default")) {
          object.set(name, stripped(object.get(name)));
        }
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, stripped(array.get(i)));
      }
    }
    return node;
  }
}
