package io.gripstream.gateway.rest;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.gripstream.gateway.GatewayOnly;
import io.gripstream.gateway.Strokes;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Updates as server-sent events, and where a stream goes on that broke. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class EventStreamTest extends GatewayRig {
  @Test
  void updatesArriveAsServerSentEvents() throws Exception {
    var image = traffic.image("live", Strokes.png(5, new Random(5)));
    try (BufferedReader events =
        new BufferedReader(
            new InputStreamReader(home.resolve("api/events?task=" + task).toURL().openStream()))) {
      predict("live", image, "a", "b");
      String line = events.readLine();
      while (line != null && !line.contains("\"imageId\":\"live\"")) {
        line = events.readLine();
      }
      assertThat(line).startsWith("data:").contains("\"changed\":true").contains("\"stats\"");
    }
    problem(get("/api/events?task=nobodys").then(), 404, "no task");
    problem(
        given().header("Last-Event-ID", "nonsense").get("/api/events?task=" + task).then(),
        400,
        "Last-Event-ID");
  }

  @Test
  void aStreamThatBrokeGoesOnWhereItsLastEventWas() throws Exception {
    var image = traffic.image("before", Strokes.png(5, new Random(5)));
    predict("before", image, "a", "b");
    String id = lineWith("\"imageId\":\"before\"", "id:", null).substring(3).strip();
    for (int i = 0; i < 30; i++) {
      predict("away-" + i, image, "a", "b");
    }
    Awaitility.await()
        .until(
            () -> get("/api/tasks/" + task + "/predictions").jsonPath().getList("").size() == 31);
    assertThat(lineWith("\"imageId\":\"away-29\"", "data:", id))
        .contains("\"imageId\":\"away-0\"")
        .doesNotContain("\"imageId\":\"before\"");
    List<Integer> first =
        get("/api/tasks/" + task + "/predictions?limit=20").jsonPath().getList("seq");
    List<Integer> rest =
        get("/api/tasks/" + task + "/predictions?after=" + first.get(19)).jsonPath().getList("seq");
    assertThat(rest).hasSize(11).allMatch(seq -> seq < first.get(19));
    assertThat(get("/api/tasks?after=" + task + "&limit=1").jsonPath().getList("name"))
        .doesNotContain(task);
  }

  /** A line of the first event that holds a text. */
  private String lineWith(String text, String begin, String lastEventId) throws IOException {
    var connection = home.resolve("api/events?task=" + task).toURL().openConnection();
    if (lastEventId != null) {
      connection.setRequestProperty("Last-Event-ID", lastEventId);
    }
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(connection.getInputStream()))) {
      List<String> event = new ArrayList<>();
      for (String line = events.readLine(); line != null; line = events.readLine()) {
        event.add(line);
        if (line.isEmpty()) {
          if (event.stream().anyMatch(each -> each.contains(text))) {
            return event.stream().filter(each -> each.startsWith(begin)).findFirst().orElseThrow();
          }
          event.clear();
        }
      }
    }
    throw new IllegalStateException("the stream ended without " + text);
  }
}
