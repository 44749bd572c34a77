package io.gripstream.role;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Down when a role needs a restart: a thread of it has died, or hangs. */
@Liveness
@ApplicationScoped
public class RolesLiveness implements HealthCheck {
  private final Roles roles;

  RolesLiveness(Roles roles) {
    this.roles = roles;
  }

  @Override
  public HealthCheckResponse call() {
    return RolesHealth.of(roles.liveness());
  }
}
