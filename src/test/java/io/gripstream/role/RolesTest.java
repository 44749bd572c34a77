package io.gripstream.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RolesTest {
  @Test
  void anApplicationThatEndedDoesNotHideTheGaugesOfTheNextOne() {
    CompositeMeterRegistry outlives = new CompositeMeterRegistry();
    gauge(outlives, new AtomicInteger(1));
    outlives.gauge("jvm.other", 7);
    outlives.gauge("kafka.consumer.fetch.manager.records.lag", 7);

    Roles.forget(outlives);

    MeterRegistry scraped = new SimpleMeterRegistry();
    outlives.add(scraped);
    AtomicInteger viewers = new AtomicInteger(2);
    gauge(outlives, viewers);
    assertThat(scraped.get("gripstream.viewers").gauge().value()).isEqualTo(viewers.get());
    assertThat(outlives.find("jvm.other").gauge()).isNotNull();
    assertThat(outlives.find("kafka.consumer.fetch.manager.records.lag").gauge()).isNull();
  }

  private static void gauge(MeterRegistry meters, AtomicInteger value) {
    Gauge.builder("gripstream.viewers", value, AtomicInteger::get).register(meters);
  }
}
