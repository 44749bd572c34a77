package io.gripstream.gateway;

import io.gripstream.kafka.BrokerResource;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.List;
import java.util.Map;

/** The gateway by itself: what the other roles would write, the tests write. */
public final class GatewayOnly implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "gripstream.roles",
        "gateway",
        "gripstream.kafka.partitions",
        "2",
        "gripstream.http.shared-images",
        "true");
  }

  @Override
  public List<TestResourceEntry> testResources() {
    return List.of(
        new TestResourceEntry(BrokerResource.class, Map.of("topic-prefix", "gateway-test.")));
  }
}
