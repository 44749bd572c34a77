package io.gripstream.gateway;

import static io.restassured.RestAssured.get;
import static org.hamcrest.Matchers.containsString;

import io.gripstream.kafka.BrokerResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A process that plays other roles only. */
@QuarkusTest
@TestProfile(NoGatewayTest.CuratorOnly.class)
class NoGatewayTest {
  /** Any other role. */
  public static final class CuratorOnly implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("gripstream.roles", "curator", "gripstream.kafka.partitions", "1");
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
}
