package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gripstream.gateway.GatewayOnly;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The schema registry, as Confluent's clients ask it. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class RegistryApiTest extends GatewayRig {
  @Test
  void theRegistryAnswersLikeConfluents() {
    String subject = topics.tasks() + "-value";
    int id =
        get("/subjects/" + subject + "/versions/latest")
            .then()
            .statusCode(200)
            .contentType("application/vnd.schemaregistry.v1+json")
            .body("subject", equalTo(subject))
            .body("version", equalTo(1))
            .extract()
            .path("id");
    String schema = get("/schemas/ids/" + id).then().statusCode(200).extract().path("schema");
    assertThat(schema).contains("TaskDefinition");
    get("/subjects").then().body("", hasItem(subject));
    get("/subjects/" + subject + "/versions").then().body("", equalTo(List.of(1)));
    registry(Map.of("schema", schema)).post("/subjects/" + subject).then().body("id", equalTo(id));
    registry(Map.of("schema", schema, "schemaType", "AVRO"))
        .post("/subjects/" + subject + "/versions")
        .then()
        .body("id", equalTo(id));
    refusal(get("/subjects/none/versions/latest").then(), 404, 40401);
    refusal(get("/subjects/" + subject + "/versions/9").then(), 404, 40402);
    refusal(get("/schemas/ids/987654").then(), 404, 40403);
    refusal(
        registry(Map.of("schema", "{\"type\":\"nonsense\"}"))
            .post("/subjects/" + subject + "/versions")
            .then(),
        422,
        42201);
    refusal(
        registry(Map.of("schema", "\"long\"")).post("/subjects/" + subject + "/versions").then(),
        409,
        409);
    get("/config").then().body("compatibilityLevel", equalTo("BACKWARD"));
    refusal(get("/config/" + subject).then(), 404, 40408);
    get("/config/" + subject + "?defaultToGlobal=true")
        .then()
        .body("compatibilityLevel", equalTo("BACKWARD"));
    get("/mode").then().body("mode", equalTo("READWRITE"));
    refusal(get("/mode/" + subject).then(), 404, 40409);
    get("/schemas/ids/" + id + "/schema")
        .then()
        .statusCode(200)
        .body("name", equalTo("TaskDefinition"));
    get("/schemas/ids/" + id + "/versions")
        .then()
        .body("[0].subject", equalTo(subject))
        .body("[0].version", equalTo(1));
    refusal(get("/schemas/ids/987654/versions").then(), 404, 40403);
    String compatibility = "/compatibility/subjects/" + subject + "/versions/latest";
    registry(Map.of("schema", schema))
        .post(compatibility)
        .then()
        .body("is_compatible", equalTo(true));
    registry(Map.of("schema", "\"long\""))
        .post(compatibility)
        .then()
        .body("is_compatible", equalTo(false));
  }

  @Test
  void theRegistryKnowsEveryTopicsSchemaBeforeItsFirstRecord() {
    List<String> subjects = get("/subjects").then().extract().jsonPath().getList("");
    assertThat(subjects)
        .containsAll(
            topics.all().stream()
                .filter(topic -> !List.of(topics.deadLetters(), topics.positions()).contains(topic))
                .map(topic -> topic + "-value")
                .toList());
  }

  private static RequestSpecification registry(Object body) {
    return given()
        .contentType("application/vnd.schemaregistry.v1+json")
        .accept("application/vnd.schemaregistry.v1+json, application/json")
        .body(text(body));
  }

  private static String text(Object body) {
    try {
      return new ObjectMapper().writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void refusal(ValidatableResponse response, int status, int code) {
    response.statusCode(status).body("error_code", is(code)).body("message", not(empty()));
  }
}
