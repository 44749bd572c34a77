package io.gripstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.event.ImageEvent;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AvroJsonTest {
  private final ImageEvent event =
      ImageEvent.newBuilder()
          .setContent(ByteBuffer.wrap(new byte[] {1, 2, 3}))
          .setTasks(List.of("digits"))
          .setAttributes(Map.of("camera", "7"))
          .build();

  @Test
  void bytesAreSummarisedSoThatALineStaysALine() {
    assertThat(new AvroJson(false).of(event).toString())
        .isEqualTo(
            "{\"content\":\"3 bytes\",\"uri\":null,\"sha256\":null,\"tasks\":[\"digits\"],"
                + "\"attributes\":{\"camera\":\"7\"}}");
  }

  @Test
  void bytesAreWrittenOutWhereEverythingIsWanted() {
    assertThat(new AvroJson(true).of(event).get("content").asText()).isEqualTo("AQID");
  }
}
