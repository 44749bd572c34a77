package io.gripstream.messaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against an HTTP server that answers what each test tells it, good or bad. */
class RestRegistryTest {
  private static final Schema SCHEMA =
      SchemaBuilder.record("Thing").namespace("test").fields().requiredString("a").endRecord();

  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
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
          if (location != null) {
            exchange.getResponseHeaders().add("Location", location);
          }
          byte[] bytes = body.getBytes(UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
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
        "{\"schema\": \"not a schema\"}",
        "{\"schema\": \"{\\\"type\\\": \\\"record\\\"}\"}",
        "<html>a proxy's login page</html>"
      })
  void anAnswerThatMakesNoSenseIsNotBelieved(String nonsense) {
    body = nonsense;
    assertThatThrownBy(() -> registry.register("s", SCHEMA))
        .isInstanceOf(RegistryUnavailableException.class);
    assertThatThrownBy(() -> registry.byId(1)).isInstanceOf(RegistryUnavailableException.class);
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
          .isInstanceOf(RegistryUnavailableException.class)
          .hasMessageContaining("401")
          .hasMessageNotContaining("user");
    }
    assertThat(authorization)
        .isEqualTo(
            "Basic "
                + java.util.Base64.getEncoder().encodeToString("user:p@ss+word".getBytes(UTF_8)));
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
