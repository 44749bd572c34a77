package io.gripstream.labeler;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Says whether the labeler works, and if not, why. */
@Readiness
@ApplicationScoped
public class LabelerReadiness implements HealthCheck {
  private final LabelerRole role;

  LabelerReadiness(LabelerRole role) {
    this.role = role;
  }

  @Override
  public HealthCheckResponse call() {
    String reason = role.notReady();
    return reason.isEmpty()
        ? HealthCheckResponse.up(Labeler.ROLE)
        : HealthCheckResponse.named(Labeler.ROLE).down().withData("reason", reason).build();
  }
}
