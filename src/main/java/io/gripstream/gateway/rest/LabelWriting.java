package io.gripstream.gateway.rest;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * Writes rows as a file. Cells hold the data as it is: what a spreadsheet makes of it is its own.
 */
final class LabelWriting {
  /** The names that Label Studio's own template for image classification has. */
  private static final String CONTROL = "choice";

  private static final String OBJECT = "image";

  private LabelWriting() {}

  static void write(LabelFormat format, List<LabelRow> rows, OutputStream out) throws IOException {
    switch (format) {
      case CSV -> {
        CsvMapper csv = new CsvMapper();
        lines(
            csv.writer(csv.schemaFor(LabelRow.class).withHeader().withLineSeparator("\r\n"))
                .with(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING),
            rows,
            out);
      }
      case JSON_LINES -> lines(new ObjectMapper().writer().withRootValueSeparator("\n"), rows, out);
      case LABEL_STUDIO -> tasks(rows, out);
      default -> throw new IllegalStateException("no writer of " + format);
    }
  }

  private static void lines(ObjectWriter writer, List<LabelRow> rows, OutputStream out)
      throws IOException {
    try (SequenceWriter lines = writer.writeValues(out)) {
      for (LabelRow row : rows) {
        lines.write(row);
      }
    }
  }

  /**
   * Tasks as Label Studio imports them: a person's label is an annotation, a prompt's a prediction.
   */
  private static void tasks(List<LabelRow> rows, OutputStream out) throws IOException {
    try (JsonGenerator json = new ObjectMapper().createGenerator(out)) {
      json.writeStartArray();
      for (LabelRow row : rows) {
        json.writeRaw('\n');
        json.writeStartObject();
        json.writeObjectFieldStart("data");
        json.writeStringField(OBJECT, row.image());
        json.writeStringField(LabelReading.IMAGE_ID, row.imageId());
        json.writeEndObject();
        if (row.label() != null) {
          json.writeArrayFieldStart("annotations");
          json.writeStartObject();
          result(json, row.label());
          json.writeEndObject();
          json.writeEndArray();
        }
        if (row.predicted() != null) {
          json.writeArrayFieldStart("predictions");
          json.writeStartObject();
          json.writeStringField("model_version", row.by());
          json.writeNumberField("score", row.confidence());
          result(json, row.predicted());
          json.writeEndObject();
          json.writeEndArray();
        }
        json.writeEndObject();
      }
      json.writeEndArray();
    }
  }

  private static void result(JsonGenerator json, String label) throws IOException {
    json.writeArrayFieldStart("result");
    json.writeStartObject();
    json.writeStringField("from_name", CONTROL);
    json.writeStringField("to_name", OBJECT);
    json.writeStringField("type", LabelReading.CHOICES);
    json.writeObjectFieldStart("value");
    json.writeArrayFieldStart(LabelReading.CHOICES);
    json.writeString(label);
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
    json.writeEndArray();
  }
}
