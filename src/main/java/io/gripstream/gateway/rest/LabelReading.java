package io.gripstream.gateway.rest;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import io.gripstream.gateway.rest.LabelResource.LabelRequest;
import jakarta.ws.rs.core.Response.Status;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads labels from a file, one after the other. A line that is wrong by itself is refused, and
 * reading goes on; a file that cannot be told into lines is a problem as a whole.
 */
final class LabelReading {
  /** The key that an image's id has in every format. */
  static final String IMAGE_ID = "imageId";

  /** Label Studio's control of labels for the whole image. */
  static final String CHOICES = "choices";

  private static final String LABEL = "label";
  private static final String ANNOTATOR = "annotator";
  private static final char BYTE_ORDER_MARK = '\uFEFF';
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectReader WHOLE =
      JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Sink sink;

  /** Is told of every line, or of every task of Label Studio's, by its number from 1. */
  interface Sink {
    void label(long number, LabelRequest label);

    /** It names no label: a spreadsheet's empty cell, or a task that nobody annotated. */
    void unlabelled(long number);

    void refused(long number, String reason);
  }

  private LabelReading(Sink sink) {
    this.sink = sink;
  }

  /** Throws a 400 where the rest of the file cannot be read. */
  static void read(LabelFormat format, InputStream body, Sink sink) throws IOException {
    BufferedReader text =
        new BufferedReader(
            new InputStreamReader(
                // Unlike one that is named by its charset, this decoder replaces nothing.
                body, StandardCharsets.UTF_8.newDecoder()));
    try {
      // Spreadsheets begin UTF-8 with a mark.
      text.mark(1);
      if (text.read() != BYTE_ORDER_MARK) {
        text.reset();
      }
      LabelReading reading = new LabelReading(sink);
      switch (format) {
        case CSV -> reading.csv(text);
        case JSON_LINES -> reading.jsonLines(text);
        case LABEL_STUDIO -> reading.labelStudio(text);
        default -> throw new IllegalStateException("no reader of " + format);
      }
    } catch (CharacterCodingException e) {
      throw unreadable("the body is not UTF-8");
    }
  }

  private void csv(BufferedReader text) throws IOException {
    CsvMapper csv = new CsvMapper();
    csv.enable(CsvParser.Feature.WRAP_AS_ARRAY).enable(CsvParser.Feature.SKIP_EMPTY_LINES);
    try (JsonParser rows = csv.createParser(text)) {
      List<String> header = rows.nextToken() == null ? List.of() : cells(rows);
      if (!header.contains(IMAGE_ID) || !header.contains(LABEL)) {
        throw unreadable("the first line must name the columns imageId and label");
      }
      for (String column : List.of(IMAGE_ID, LABEL, ANNOTATOR)) {
        if (header.indexOf(column) != header.lastIndexOf(column)) {
          throw unreadable("the column %s is there twice".formatted(column));
        }
      }
      while (rows.nextToken() != null) {
        rows.nextToken();
        long line = rows.currentTokenLocation().getLineNr();
        List<String> cells = cells(rows);
        // Behind a last line without an end the parser tells of one more, which is none.
        if (!cells.isEmpty()) {
          row(line, header, cells);
        }
      }
    } catch (JsonProcessingException e) {
      throw unreadable(
          "the body is not CSV from line %d on: a cell's quotes do not match"
              .formatted(e.getLocation().getLineNr()));
    }
  }

  /** The rest of a row whose beginning, or whose first cell, was read. */
  private static List<String> cells(JsonParser row) throws IOException {
    List<String> cells = new ArrayList<>();
    for (JsonToken token = row.currentToken();
        token != JsonToken.END_ARRAY;
        token = row.nextToken()) {
      if (token == JsonToken.VALUE_STRING) {
        cells.add(row.getText());
      }
    }
    return cells;
  }

  private void row(long line, List<String> header, List<String> cells) {
    if (cells.size() != header.size()) {
      sink.refused(
          line, "%d columns, and the header has %d".formatted(cells.size(), header.size()));
      return;
    }
    String label = cells.get(header.indexOf(LABEL));
    int annotator = header.indexOf(ANNOTATOR);
    if (label.isEmpty()) {
      sink.unlabelled(line);
    } else {
      sink.label(
          line,
          new LabelRequest(
              cells.get(header.indexOf(IMAGE_ID)),
              label,
              annotator < 0 || cells.get(annotator).isEmpty() ? null : cells.get(annotator)));
    }
  }

  private void jsonLines(BufferedReader text) throws IOException {
    long number = 0;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      number++;
      if (!line.isBlank()) {
        jsonLine(number, line);
      }
    }
  }

  private void jsonLine(long number, String line) throws IOException {
    JsonNode json;
    try {
      json = WHOLE.readTree(line);
    } catch (JsonProcessingException e) {
      sink.refused(number, "it is not one JSON value");
      return;
    }
    if (!json.isObject()) {
      sink.refused(number, "it is no JSON object");
      return;
    }
    for (String field : List.of(IMAGE_ID, LABEL, ANNOTATOR)) {
      JsonNode value = json.path(field);
      if (!value.isTextual() && !value.isNull() && !value.isMissingNode()) {
        sink.refused(number, field + " must be a text");
        return;
      }
    }
    if (json.has(LABEL)) {
      sink.label(
          number, new LabelRequest(text(json, IMAGE_ID), text(json, LABEL), text(json, ANNOTATOR)));
    } else {
      sink.unlabelled(number);
    }
  }

  private void labelStudio(BufferedReader text) throws IOException {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw unreadable("the body must be an array of tasks, Label Studio's export \"JSON\"");
      }
      long number = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        task(++number, parser.readValueAsTree());
      }
      if (parser.nextToken() != null) {
        throw unreadable("the body has something behind its array of tasks");
      }
    } catch (JsonProcessingException e) {
      throw unreadable(Unreadable.sentence(e));
    }
  }

  private void task(long number, JsonNode task) {
    JsonNode id = task.path("data").path(IMAGE_ID);
    if (!id.isTextual()) {
      sink.refused(number, "it has no data.imageId, as the tasks have that are exported here");
      return;
    }
    Set<String> labels = new LinkedHashSet<>();
    String annotator = null;
    for (JsonNode annotation : task.path("annotations")) {
      if (annotation.path("was_cancelled").asBoolean()) {
        continue;
      }
      for (JsonNode result : annotation.path("result")) {
        for (JsonNode choice : result.path("value").path(CHOICES)) {
          labels.add(choice.asText());
          annotator = annotator(annotation.path("completed_by"));
        }
      }
    }
    if (labels.size() > 1) {
      sink.refused(number, "its annotations name %d labels".formatted(labels.size()));
    } else if (labels.isEmpty()) {
      sink.unlabelled(number);
    } else {
      sink.label(number, new LabelRequest(id.asText(), labels.iterator().next(), annotator));
    }
  }

  /** Label Studio names people by number, or by an object, as the export was asked for. */
  private static String annotator(JsonNode who) {
    JsonNode name = who.isObject() ? who.path("email") : who;
    return name.isValueNode() && !name.isNull() ? name.asText() : null;
  }

  private static String text(JsonNode json, String field) {
    return json.path(field).textValue();
  }

  private static ProblemException unreadable(String why) {
    return ProblemException.of(Status.BAD_REQUEST, why + "; nothing was written");
  }
}
