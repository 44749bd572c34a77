package io.gripstream.refiner;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Says whether the refiner works, and if not, why. */
@Readiness
@ApplicationScoped
public class RefinerReadiness implements HealthCheck {
  private final RefinerRole role;

  RefinerReadiness(RefinerRole role) {
    this.role = role;
  }

  @Override
  public HealthCheckResponse call() {
    String reason = role.notReady();
    return reason.isEmpty()
        ? HealthCheckResponse.up(Refiner.ROLE)
        : HealthCheckResponse.named(Refiner.ROLE).down().withData("reason", reason).build();
  }
}
