package io.gripstream.kafka.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.gripstream.kafka.Fault;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against an HTTP server that answers what each test tells it, good or bad. */
class RestRegistryTest {
  private static final Schema SCHEMA =
      SchemaBuilder.record("Thing").namespace("test").fields().requiredString("a").endRecord();

  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private static final ObjectMapper JSON = new ObjectMapper();

  /** By path, what is answered there with 200, whatever is answered elsewhere. */
  private final Map<String, String> answers = new ConcurrentHashMap<>();

  private HttpServer server;
  private RestRegistry registry;
  private volatile int status = 200;
  private volatile String body = "{}";
  private volatile String location;
  private volatile String authorization;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String sent = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          requests.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI().getRawPath()
                  + " "
                  + sent);
          authorization = exchange.getRequestHeaders().getFirst("Authorization");
          String known = answers.get(exchange.getRequestURI().getRawPath());
          if (location != null) {
            exchange.getResponseHeaders().add("Location", location);
          }
          byte[] bytes = (known == null ? body : known).getBytes(UTF_8);
          exchange.sendResponseHeaders(
              known == null ? status : 200, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    registry = new RestRegistry(URI.create(address() + "/apis/ccompat/v7/"));
  }

  @AfterEach
  void stop() {
    registry.close();
    server.stop(0);
  }

  @Test
  void registersOnceAndRemembersTheId() throws Exception {
    body = "{\"id\": 17, \"unknown\": true}";
    assertThat(registry.register("a b/c-value", SCHEMA)).isEqualTo(17);
    assertThat(registry.register("a b/c-value", SCHEMA)).isEqualTo(17);
    assertThat(requests).hasSize(1);
    assertThat(requests.get(0))
        .startsWith("POST /apis/ccompat/v7/subjects/a%20b%2Fc-value/versions");
    String sent = requests.get(0).substring(requests.get(0).indexOf('{'));
    assertThat(new Schema.Parser().parse(new ObjectMapper().readTree(sent).get("schema").asText()))
        .isEqualTo(SCHEMA);
  }

  @Test
  void findsASchemaOnceAndRemembersIt() {
    body = new ObjectMapper().createObjectNode().put("schema", SCHEMA.toString()).toString();
    assertThat(registry.byId(3)).isEqualTo(SCHEMA);
    assertThat(registry.byId(3)).isEqualTo(SCHEMA);
    assertThat(requests).hasSize(1);
    assertThat(requests.get(0)).startsWith("GET /apis/ccompat/v7/schemas/ids/3");
  }

  @Test
  void onlyTheRegistrysOwnWordMakesAnIdUnknown() {
    status = 404;
    body = "{\"error_code\": 40403, \"message\": \"Schema not found\"}";
    assertThatThrownBy(() -> registry.byId(3)).isInstanceOf(UnknownSchemaException.class);
    body = "{\"error_code\": 404, \"message\": \"HTTP 404 Not Found\"}";
    assertThatThrownBy(() -> registry.byId(3)).isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> registry.byId(-3)).isInstanceOf(UnknownSchemaException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {409, 422})
  void aRefusedSchemaIsTold(int refused) {
    status = refused;
    body = "{\"error_code\": %d, \"message\": \"no default for b\"}".formatted(refused);
    assertThatThrownBy(() -> registry.register("s", SCHEMA))
        .isInstanceOf(IncompatibleSchemaException.class)
        .hasMessageContaining("no default for b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"id\": \"7\"}",
        "{\"id\": -1}",
        "{\"id\": 4294967296}",
        "{\"id\": 1.5}",
        "{\"schema\": 5}",
        "<html>a proxy's login page</html>"
      })
  void anAnswerThatMakesNoSenseIsNotBelieved(String nonsense) {
    body = nonsense;
    assertThatThrownBy(() -> registry.register("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> registry.byId(1)).isInstanceOf(RegistryUnavailableException.class);
  }

  /** Whatever it answers, and however often it is asked again: it is clear what is to be done. */
  @ParameterizedTest
  @CsvSource({
    // status, error code, asked for a schema, told one
    "200, 0, TRANSIENT, TRANSIENT",
    "204, 0, TRANSIENT, TRANSIENT",
    "301, 0, TRANSIENT, TRANSIENT",
    "400, 400, TRANSIENT, TRANSIENT",
    "401, 401, FATAL, FATAL",
    "403, 40301, FATAL, FATAL",
    "404, 404, TRANSIENT, TRANSIENT",
    "404, 40403, RECORD, TRANSIENT",
    "408, 408, TRANSIENT, TRANSIENT",
    "409, 409, TRANSIENT, FATAL",
    "422, 42201, RECORD, FATAL",
    "429, 429, TRANSIENT, TRANSIENT",
    "500, 50001, TRANSIENT, TRANSIENT",
    "502, 0, TRANSIENT, TRANSIENT",
    "503, 0, TRANSIENT, TRANSIENT",
    "504, 0, TRANSIENT, TRANSIENT",
  })
  void everyAnswerHasItsPlace(int answered, int code, Fault asked, Fault told) {
    status = answered;
    for (String answer :
        code == 0
            ? List.of("<html>a proxy's page</html>", "")
            : List.of("{\"error_code\": %d, \"message\": \"no\"}".formatted(code))) {
      body = answered == 204 ? "" : answer;
      assertThat(fault(() -> registry.byId(3))).as("asked, %s", answer).isEqualTo(asked);
      assertThat(fault(() -> registry.register("s", SCHEMA)))
          .as("told, %s", answer)
          .isEqualTo(told);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void aRefusalThatIsHtmlIsOneToo(int refused) {
    status = refused;
    body = "<html>log in first</html>";
    assertThatThrownBy(() -> registry.check())
        .isInstanceOf(RegistryRefusedException.class)
        .hasMessageContaining("refuses")
        .hasMessageContaining(Integer.toString(refused))
        .hasMessageContaining("credentials");
  }

  @Test
  void aRegistryThatKnowsNothingYetIsThere() {
    status = 404;
    body = "{\"error_code\": 40403, \"message\": \"Schema not found\"}";
    registry.check();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"schema\": \"not a schema\"}",
        "{\"schema\": \"{\\\"type\\\": \\\"record\\\"}\"}",
        "{\"schema\": \"syntax = 1\", \"schemaType\": \"PROTOBUF\"}"
      })
  void aSchemaThatAvroCannotReadIsItsRecordsFault(String unreadable) {
    body = unreadable;
    assertThatThrownBy(() -> registry.byId(1)).isInstanceOf(UnknownSchemaException.class);
  }

  @Test
  void schemasThatASchemaRefersToAreReadToo() {
    Schema inner =
        SchemaBuilder.record("Inner").namespace("test").fields().requiredInt("n").endRecord();
    answers.put("/apis/ccompat/v7/schemas/ids/9", referring("Outer", "Middle", "m s"));
    answers.put("/apis/ccompat/v7/subjects/m%20s/versions/2", referring("Middle", "Inner", "i"));
    answers.put(
        "/apis/ccompat/v7/subjects/i/versions/2",
        JSON.createObjectNode().put("schema", inner.toString()).toString());
    Schema outer = registry.byId(9);
    assertThat(outer.getField("of").schema().getField("of").schema()).isEqualTo(inner);
    assertThat(registry.byId(9)).isSameAs(outer);
    assertThat(requests).hasSize(3);
  }

  @Test
  void aReferenceToNowhereIsItsRecordsFaultAndOneInACircleEnds() {
    answers.put("/apis/ccompat/v7/schemas/ids/9", referring("Outer", "Middle", "m"));
    status = 404;
    body = "{\"error_code\": 40401, \"message\": \"Subject not found\"}";
    assertThat(fault(() -> registry.byId(9))).isEqualTo(Fault.RECORD);
    status = 503;
    assertThat(fault(() -> registry.byId(9))).isEqualTo(Fault.TRANSIENT);
    status = 401;
    assertThat(fault(() -> registry.byId(9))).isEqualTo(Fault.FATAL);
    answers.put("/apis/ccompat/v7/subjects/m/versions/2", referring("Middle", "Outer", "m"));
    assertThat(fault(() -> registry.byId(9))).isEqualTo(Fault.RECORD);
  }

  /** A record with one field of a type that another subject's version 2 defines. */
  private static String referring(String name, String type, String subject) {
    ObjectNode answer = JSON.createObjectNode();
    answer.put(
        "schema",
        "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"test\",\"fields\":[{\"name\":\"of\",\"type\":\"test.%s\"}]}"
            .formatted(name, type));
    answer
        .putArray("references")
        .addObject()
        .put("name", "test." + type)
        .put("subject", subject)
        .put("version", 2);
    return answer.toString();
  }

  private static Fault fault(ThrowingCallable work) {
    return Fault.of(catchThrowable(work));
  }

  @Test
  void anAnswerWithoutEndIsCut() {
    body = "\"" + "x".repeat(5 * 1024 * 1024) + "\"";
    assertThatThrownBy(() -> registry.byId(1))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("larger than")
        .hasMessageMatching("(?s).{0,1000}");
  }

  @Test
  void redirectsAreNotFollowed() {
    status = 302;
    location = address() + "/elsewhere";
    assertThatThrownBy(() -> registry.byId(1)).isInstanceOf(RegistryUnavailableException.class);
    assertThat(requests).hasSize(1);
  }

  @Test
  void aServerErrorPasses() {
    status = 503;
    assertThatThrownBy(() -> registry.register("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("503");
    status = 200;
    body = "{\"id\": 1}";
    assertThat(registry.register("s", SCHEMA)).isEqualTo(1);
  }

  @Test
  void aServerThatIsGoneIsUnavailable() {
    server.stop(0);
    assertThatThrownBy(() -> registry.register("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class);
  }

  @Test
  void credentialsInTheAddressAreSentAndNotTold() {
    status = 401;
    try (RestRegistry secured =
        new RestRegistry(URI.create(address().replace("//", "//user:p%40ss+word@")))) {
      assertThatThrownBy(() -> secured.byId(1))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("401")
          .hasMessageNotContaining("user");
    }
    assertThat(authorization)
        .isEqualTo(
            "Basic "
                + java.util.Base64.getEncoder().encodeToString("user:p@ss+word".getBytes(UTF_8)));
  }

  @Test
  void aKeyIsSentUnlessTheAddressHoldsALogin() {
    status = 403;
    for (String login : new String[] {"", "user:word@"}) {
      URI at = URI.create(address().replace("//", "//" + login));
      try (RestRegistry secured = new RestRegistry(at, Optional.of("our-key"))) {
        assertThatThrownBy(() -> secured.byId(1))
            .isInstanceOf(RegistryRefusedException.class)
            .hasMessageContaining("gripstream.key")
            .hasMessageNotContaining("our-key");
      }
      assertThat(authorization).startsWith(login.isEmpty() ? "Bearer our-key" : "Basic ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "registry:8081", "/registry"})
  void anAddressThatIsNoWebAddressIsRefused(String address) {
    assertThatThrownBy(() -> new RestRegistry(URI.create(address)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private String address() {
    return "http://localhost:" + server.getAddress().getPort();
  }
}
