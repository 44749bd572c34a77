package io.gripstream.workshop.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.gripstream.clip.Digests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Finished cells, one file each, named after a digest of all that determines them. A file is there
 * whole or not at all, whenever a process is killed; one that is not understood counts as none.
 */
final class CellStore {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final Path folder;

  CellStore(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  /**
   * What a file holds.
   *
   * @param determinedBy in words, so that a person can tell files apart
   */
  record Stored(String determinedBy, CellResult result) {}

  /** The result of a cell that is determined by this. */
  Optional<CellResult> find(String determinedBy) throws IOException {
    Path file = file(determinedBy);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Stored stored = JSON.readValue(Files.readAllBytes(file), Stored.class);
      return determinedBy.equals(stored.determinedBy())
          ? Optional.ofNullable(stored.result())
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  void put(String determinedBy, CellResult result) throws IOException {
    Path part = Files.createTempFile(folder, "cell", ".part");
    try {
      Files.write(
          part,
          JSON.writerWithDefaultPrettyPrinter()
              .writeValueAsBytes(new Stored(determinedBy, result)));
      try {
        Files.move(part, file(determinedBy), StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(part, file(determinedBy), StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private Path file(String determinedBy) {
    return folder.resolve(
        Digests.sha256(determinedBy.getBytes(StandardCharsets.UTF_8)).substring(0, 32) + ".json");
  }
}
