package io.gripstream.role;

import java.util.Map;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;

/** Says of every role that is played whether all is well, and if not, why. */
final class RolesHealth {
  private RolesHealth() {}

  /**
   * @param reasons by role; an empty text: all is well
   */
  static HealthCheckResponse of(Map<String, String> reasons) {
    HealthCheckResponseBuilder answer = HealthCheckResponse.named("roles");
    reasons.forEach((role, reason) -> answer.withData(role, reason.isEmpty() ? "up" : reason));
    return answer.status(reasons.values().stream().allMatch(String::isEmpty)).build();
  }
}
