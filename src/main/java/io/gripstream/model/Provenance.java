package io.gripstream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Where a file of the cache came from and what it was, as a small JSON beside it.
 *
 * @param size in bytes; -1 in a file that is not whole yet, where the hub did not say
 * @param sha256 of the whole file, in lower-case hexadecimal; in a file that is not whole yet, what
 *     the hub says it will be, or empty
 * @param url where the hub has it, without what a redirect led to
 * @param etag as the server gave it that sent the bytes; empty: none that bytes can be compared by
 * @param commit the hub's commit; empty: it gave none
 * @param time when it was written, in ISO 8601
 */
record Provenance(
    String file, long size, String sha256, String url, String etag, String commit, String time) {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final long LARGEST = 1 << 16;

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".origin.json");
  }

  /**
   * @return nothing where the file has none
   * @throws IOException when it has one that is not understood
   */
  static Optional<Provenance> read(Path file) throws IOException {
    Path record = beside(file);
    try {
      if (Files.size(record) > LARGEST) {
        throw new RefusedException(record + " is damaged; delete it and the file beside it");
      }
      JsonNode json = JSON.readTree(record.toFile());
      return Optional.of(
          new Provenance(
              text(json, "file", record),
              json.path("size").asLong(-1),
              text(json, "sha256", record),
              text(json, "url", record),
              text(json, "etag", record),
              text(json, "commit", record),
              text(json, "time", record)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new RefusedException(record + " is damaged; delete it and the file beside it", e);
    }
  }

  private static String text(JsonNode json, String field, Path record) throws IOException {
    JsonNode value = json == null ? null : json.path(field);
    if (value == null || !value.isTextual()) {
      throw new RefusedException(record + " is damaged; delete it and the file beside it");
    }
    return value.asText();
  }

  /** Written beside a file, in place of an earlier one, whole or not at all. */
  void write(Path file) throws IOException {
    Path record = beside(file);
    Path part = record.resolveSibling(record.getFileName() + ".part");
    Files.write(part, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    Files.move(part, record, StandardCopyOption.ATOMIC_MOVE);
  }

  static void delete(Path file) throws IOException {
    Files.deleteIfExists(beside(file));
  }
}
