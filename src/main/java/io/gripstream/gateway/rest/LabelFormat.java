package io.gripstream.gateway.rest;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The files that labels come in and go out as. */
enum LabelFormat {
  /** RFC 4180, UTF-8, with a header. */
  CSV("csv", LabelFormat.CSV_TYPE, "labels.csv"),

  /** One JSON object a line. */
  JSON_LINES("jsonl", LabelFormat.JSON_LINES_TYPE, "labels.jsonl"),

  /** An array of tasks, as Label Studio imports and exports them. */
  LABEL_STUDIO("label-studio", MediaType.APPLICATION_JSON, "label-studio.json");

  static final String CSV_TYPE = "text/csv";
  static final String JSON_LINES_TYPE = "application/x-ndjson";

  private final String word;
  private final String mediaType;
  private final String fileName;

  LabelFormat(String word, String mediaType, String fileName) {
    this.word = word;
    this.mediaType = mediaType;
    this.fileName = fileName;
  }

  /** The format that goes by a word, or a 400. */
  static LabelFormat named(String word) {
    return Arrays.stream(values())
        .filter(format -> format.word.equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                ProblemException.of(
                    Status.BAD_REQUEST,
                    Arrays.stream(values())
                        .map(format -> format.word)
                        .collect(Collectors.joining(", ", "format must be one of ", ""))));
  }

  /** The format of a body that was accepted, or a 415 where nothing says what it is. */
  static LabelFormat of(MediaType type) {
    return Arrays.stream(values())
        .filter(format -> MediaType.valueOf(format.mediaType).isCompatible(type))
        .findFirst()
        .orElseThrow(
            () ->
                ProblemException.of(
                    Status.UNSUPPORTED_MEDIA_TYPE,
                    Arrays.stream(values())
                        .map(LabelFormat::mediaType)
                        .collect(
                            Collectors.joining(", ", "the Content-Type must be one of ", ""))));
  }

  String mediaType() {
    return mediaType;
  }

  String fileName() {
    return fileName;
  }
}
