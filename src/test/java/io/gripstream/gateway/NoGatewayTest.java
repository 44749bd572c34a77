package io.gripstream.gateway;

import static io.restassured.RestAssured.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.kafka.BrokerResource;
import io.quarkus.bootstrap.logging.InitialConfigurator;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.handlers.ConsoleHandler;
import org.junit.jupiter.api.Test;

/** A process that plays other roles only. */
@QuarkusTest
@TestProfile(NoGatewayTest.CuratorOnly.class)
class NoGatewayTest {
  /** Any other role. */
  public static final class CuratorOnly implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "gripstream.roles", "curator",
          "gripstream.kafka.partitions", "1",
          "gripstream.log.json", "true");
    }

    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(
          new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", "no-gateway.")));
    }
  }

  @Test
  void hasNeitherPageNorApiNorRegistryButItsHealthAndMetrics() {
    get("/").then().statusCode(404);
    get("/js/main.js").then().statusCode(404);
    get("/api/tasks").then().statusCode(404).body(containsString("no gateway role"));
    get("/subjects").then().statusCode(404);
    get("/q/health/live").then().statusCode(200);
    get("/q/metrics").then().statusCode(200);
  }

  @Test
  void itsLogIsJsonWhereThatIsConfigured() throws IOException {
    Handler console =
        Stream.of(InitialConfigurator.DELAYED_HANDLER.getHandlers())
            .filter(ConsoleHandler.class::isInstance)
            .findFirst()
            .orElseThrow();
    ExtLogRecord record = new ExtLogRecord(Level.WARNING, "two\nlines", getClass().getName());
    record.setLoggerName("a.logger");
    record.setThrown(new IllegalStateException("for a test"));
    String written = console.getFormatter().format(record);

    JsonNode line = new ObjectMapper().readTree(written);
    assertThat(written.strip()).doesNotContain("\n");
    assertThat(line.path("message").asText()).isEqualTo("two\nlines");
    assertThat(line.path("level").asText()).isEqualTo("WARNING");
    assertThat(line.path("loggerName").asText()).isEqualTo("a.logger");
    assertThat(line.path("exception").path("message").asText()).isEqualTo("for a test");
    assertThat(line.path("timestamp").asText()).isNotEmpty();
    assertThat(line.path("threadName").asText()).isNotEmpty();
  }
}
