package io.gripstream.labeler;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Says whether the labeler has failed in a way that only a restart mends. */
@Liveness
@ApplicationScoped
public class LabelerLiveness implements HealthCheck {
  private final LabelerRole role;

  LabelerLiveness(LabelerRole role) {
    this.role = role;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named(Labeler.ROLE).status(!role.failed()).build();
  }
}
