package io.gripstream.role;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Up when every role that is played works. */
@Readiness
@ApplicationScoped
public class RolesReadiness implements HealthCheck {
  private final Roles roles;

  RolesReadiness(Roles roles) {
    this.roles = roles;
  }

  @Override
  public HealthCheckResponse call() {
    return RolesHealth.of(roles.readiness());
  }
}
