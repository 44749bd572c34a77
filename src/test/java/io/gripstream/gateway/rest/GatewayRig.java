package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.is;

import io.gripstream.event.ImageReference;
import io.gripstream.event.ScoredLabel;
import io.gripstream.gateway.Traffic;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.quarkus.test.common.http.TestHTTPResource;
import io.restassured.RestAssured;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The API over real topics, and a task of each test's own. */
abstract class GatewayRig {
  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;

  @TestHTTPResource("/")
  URI home;

  /** No counter: it would begin anew with each application, and the topics stay. */
  final String task = "api-" + UUID.randomUUID();

  Traffic traffic;

  @BeforeEach
  void define() {
    RestAssured.replaceFiltersWith(new DescribedAnswers(home));
    traffic = new Traffic(clients, topics, serdes);
    json(Map.of("classes", List.of("a", "b", "c")))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  @AfterEach
  void end() {
    RestAssured.replaceFiltersWith(List.of());
    traffic.close();
  }

  void predict(String id, ImageReference image, String label, String zeroShot) {
    traffic.prediction(
        task,
        id,
        image,
        List.of(new ScoredLabel(label, .8f)),
        new ScoredLabel(zeroShot, .4f),
        1,
        Instant.now());
  }

  Written values(String topic, String key, int count) {
    return Written.read(clients, topic, key, count);
  }

  static RequestSpecification json(Object body) {
    return given().contentType("application/json").body(body);
  }

  static void problem(ValidatableResponse response, int status, String reason) {
    String body =
        response
            .statusCode(status)
            .contentType("application/problem+json")
            .body("status", is(status))
            .extract()
            .asString();
    assertThat(body).contains(reason);
  }
}
