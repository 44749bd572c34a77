package io.gripstream.gateway;

import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Keeps out of the figures of requests what a stranger can make up: each would be a meter. */
@ApplicationScoped
final class RequestMeters {
  /** Methods that nobody registered are one. */
  @Produces
  @Singleton
  MeterFilter methods() {
    return MeterFilter.replaceTagValues(
        "method", any -> "other", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH");
  }
}
