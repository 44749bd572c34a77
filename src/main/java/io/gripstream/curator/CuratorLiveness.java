package io.gripstream.curator;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Says whether the curator has failed in a way that only a restart mends. */
@Liveness
@ApplicationScoped
public class CuratorLiveness implements HealthCheck {
  private final Curator curator;

  CuratorLiveness(Curator curator) {
    this.curator = curator;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("curator").status(!curator.failed()).build();
  }
}
