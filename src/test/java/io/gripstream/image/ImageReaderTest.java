package io.gripstream.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.GripstreamConfig;
import io.gripstream.cli.Settings;
import io.gripstream.clip.Preprocessing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageReaderTest {
  /** A network's file system may not answer for hours, and no interrupt ends the waiting. */
  @Test
  void aFileIsNotReadByTheThreadsThatDecodeWhatOthersSent(@TempDir Path root) throws Exception {
    Path file = Files.write(root.resolve("a.png"), new byte[3]);
    GripstreamConfig.Images config =
        Settings.load(
                Map.of(
                    "gripstream.images.allowed-schemes",
                    "file",
                    "gripstream.images.file-root",
                    root.toString()))
            .images();
    AtomicInteger tasks = new AtomicInteger();
    Executor workers =
        task -> {
          tasks.incrementAndGet();
          task.run();
        };
    try (ImageReader reader =
        new ImageReader(
            config,
            new Preprocessing(8, true, 8, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0)),
            workers)) {
      assertThatThrownBy(() -> reader.read(file.toUri().toString(), null).get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(RejectedImageException.class);
    }
    assertThat(tasks).hasValue(1);
  }
}
