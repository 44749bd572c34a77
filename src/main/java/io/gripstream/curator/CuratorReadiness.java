package io.gripstream.curator;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready when the stream has its state and runs; always where the role is not played. */
@Readiness
@ApplicationScoped
public class CuratorReadiness implements HealthCheck {
  private final Curator curator;

  CuratorReadiness(Curator curator) {
    this.curator = curator;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("curator")
        .status(!curator.played() || curator.running())
        .withData("state", curator.played() ? curator.state() : "not played here")
        .build();
  }
}
