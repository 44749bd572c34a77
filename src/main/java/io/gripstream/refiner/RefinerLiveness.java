package io.gripstream.refiner;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Says whether the refiner has failed in a way that only a restart mends. */
@Liveness
@ApplicationScoped
public class RefinerLiveness implements HealthCheck {
  private final RefinerRole role;

  RefinerLiveness(RefinerRole role) {
    this.role = role;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named(Refiner.ROLE).status(!role.failed()).build();
  }
}
