package io.gripstream.gateway;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready once the board shows everything that was in the topics at the start. */
@Readiness
@ApplicationScoped
final class GatewayReadiness implements HealthCheck {
  private final Gateway gateway;

  GatewayReadiness(Gateway gateway) {
    this.gateway = gateway;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("gateway")
        .status(!gateway.enabled() || gateway.ready())
        .withData("enabled", gateway.enabled())
        .build();
  }
}
