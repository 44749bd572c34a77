package io.gripstream.wiring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.DrawnClip;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Gives a Quarkus test a small real model with weights that mean nothing. */
public final class DrawnModelResource implements QuarkusTestResourceLifecycleManager {
  private Path folder;

  @Override
  public Map<String, String> start() {
    try (InputStream in = DrawnModelResource.class.getResourceAsStream("/clip/parity.json")) {
      JsonNode golden = new ObjectMapper().readTree(in);
      List<String> words = new ArrayList<>();
      golden.path("words").forEach(word -> words.add(word.asText()));
      folder = Files.createTempDirectory("drawn-model");
      DrawnClip.write(
          folder, ClipConfig.parse(golden.path("config").toString(), "parity.json"), words, 3);
      return Map.of("gripstream.model", folder.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stop() {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
