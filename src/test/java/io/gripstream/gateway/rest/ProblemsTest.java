package io.gripstream.gateway.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.kafka.registry.RegistryUnavailableException;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class ProblemsTest {
  /** With its stack a failure took forty lines, for each request of an outage. */
  @Test
  void aRequestThatFindsBrokersOrRegistryAwayIsOneLineInTheLog() {
    Problems problems = new Problems(null, null);
    List<LogRecord> entries = new ArrayList<>();
    Handler kept =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.INFO.intValue()) {
              entries.add(entry);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger log = Logger.getLogger(Problems.class.getName());
    log.addHandler(kept);
    try {
      TimeoutException away = new TimeoutException("no answer");
      assertThat(problems.brokers(away).getStatus()).isEqualTo(503);
      assertThat(
              problems.registry(new RegistryUnavailableException("no registry", away)).getStatus())
          .isEqualTo(503);
    } finally {
      log.removeHandler(kept);
    }
    assertThat(entries).hasSize(2).allSatisfy(entry -> assertThat(entry.getThrown()).isNull());
  }

  /** Whoever is told that it may have been written does not know whether to send it again. */
  @Test
  void aRightThatTheGatewayLacksIsNoSilenceOfTheBrokers() {
    Response refused =
        new Problems(null, null)
            .brokers(new TopicAuthorizationException(Set.of("gripstream.labels")));
    assertThat(refused.getStatus()).isEqualTo(503);
    assertThat(((Problem) refused.getEntity()).detail()).contains("nothing was written");
  }
}
