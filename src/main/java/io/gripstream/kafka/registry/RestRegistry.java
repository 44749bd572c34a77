package io.gripstream.kafka.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.InterruptException;

/**
 * A schema registry that speaks Confluent's REST API: Confluent's own, Karapace, Apicurio ({@code
 * /apis/ccompat/v7}), or another Gripstream process.
 *
 * <p>What was answered once is remembered: ids never change their meaning. Redirects are not
 * followed, and answers are read up to a limit and believed only as far as they can be checked.
 */
public final class RestRegistry implements SchemaRegistry {
  private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
  private static final int MAX_ANSWER_BYTES = 4 * 1024 * 1024;
  private static final int UNKNOWN_SCHEMA = 40403;
  private static final int MAX_REFERENCES = 100;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Subject(String name, Schema schema) {}

  private record Answer(int status, JsonNode body) {}

  private final String base;
  private final String authorization;
  private final HttpClient http;
  private final Map<Subject, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

  /** A registry that asks for no login but what its URL may hold. */
  public RestRegistry(URI base) {
    this(base, Optional.empty());
  }

  /**
   * @param base the API's root; {@code user:password@} in it is sent as basic authentication
   * @param key sent as {@code Bearer}, unless the URL holds a login
   */
  public RestRegistry(URI base, Optional<String> key) {
    if (base.getHost() == null
        || !("http".equals(base.getScheme()) || "https".equals(base.getScheme()))) {
      throw new IllegalArgumentException("a schema registry has an http or https URL");
    }
    String path = base.getRawPath().replaceAll("/+$", "");
    String port = base.getPort() < 0 ? "" : ":" + base.getPort();
    this.base = base.getScheme() + "://" + base.getHost() + port + path;
    this.authorization =
        base.getRawUserInfo() == null
            ? key.map(secret -> "Bearer " + secret).orElse(null)
            : "Basic "
                + Base64.getEncoder()
                    .encodeToString(
                        URLDecoder.decode(
                                base.getRawUserInfo().replace("+", "%2B"), StandardCharsets.UTF_8)
                            .getBytes(StandardCharsets.UTF_8));
    this.http =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  @Override
  public int register(String subject, Schema schema) {
    Subject key = new Subject(subject, schema);
    Integer known = ids.get(key);
    if (known != null) {
      return known;
    }
    String path = "/subjects/" + encoded(subject) + "/versions";
    String body = JSON.createObjectNode().put("schema", schema.toString()).toString();
    Answer answer = post(path, body);
    if (answer.status() == 403) {
      // Who may not register a schema may find it.
      Answer found = post("/subjects/" + encoded(subject), body);
      answer = found.status() == 200 ? found : answer;
    }
    if (answer.status() == 409 || answer.status() == 422) {
      throw new IncompatibleSchemaException(
          "%s refuses the schema of %s: %s"
              .formatted(base, subject, excerpt(answer.body().path("message").asText())));
    }
    JsonNode id = answer.body().path("id");
    if (answer.status() != 200 || !id.isInt() || id.intValue() < 0) {
      throw unexpected(answer, "POST " + path);
    }
    ids.put(key, id.intValue());
    return id.intValue();
  }

  @Override
  public Schema byId(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    if (id < 0) {
      throw new UnknownSchemaException(id);
    }
    String path = "/schemas/ids/" + id;
    Answer answer = send(request(path).GET().build());
    if (answer.status() == 404 && answer.body().path("error_code").asInt() == UNKNOWN_SCHEMA) {
      throw new UnknownSchemaException(id);
    }
    JsonNode text = answer.body().path("schema");
    if (answer.status() == 422) {
      throw new UnknownSchemaException(id, excerpt(answer.body().path("message").asText()));
    }
    if (answer.status() != 200 || !text.isTextual()) {
      throw unexpected(answer, "GET " + path);
    }
    String kind = answer.body().path("schemaType").asText("AVRO");
    if (!kind.equals("AVRO")) {
      throw new UnknownSchemaException(id, "it is one of " + excerpt(kind));
    }
    try {
      Schema.Parser parser = new Schema.Parser();
      learn(answer.body().path("references"), parser, new HashSet<>());
      Schema schema = parser.parse(text.asText());
      schemas.put(id, schema);
      return schema;
    } catch (AvroRuntimeException | NullPointerException e) {
      // The parser resolves names after reading, and does not expect that to fail.
      throw new UnknownSchemaException(id, excerpt(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Reads the schemas that another one refers to, those first that they refer to themselves.
   *
   * @param known subjects and versions that were read before
   * @throws AvroRuntimeException if one of them is missing or no Avro schema
   */
  private void learn(JsonNode references, Schema.Parser parser, Set<String> known) {
    for (JsonNode reference : references) {
      String path =
          "/subjects/%s/versions/%d"
              .formatted(
                  encoded(reference.path("subject").asText()), reference.path("version").asInt());
      if (!known.add(path)) {
        continue;
      }
      if (known.size() > MAX_REFERENCES) {
        throw new AvroRuntimeException("it refers to more than " + MAX_REFERENCES + " others");
      }
      Answer answer = send(request(path).GET().build());
      JsonNode text = answer.body().path("schema");
      if (answer.status() == 404 && answer.body().path("error_code").isInt()) {
        throw new AvroRuntimeException("it refers to %s, which is not there".formatted(path));
      }
      if (answer.status() != 200 || !text.isTextual()) {
        throw unexpected(answer, "GET " + path);
      }
      learn(answer.body().path("references"), parser, known);
      parser.parse(text.asText());
    }
  }

  private static String encoded(String subject) {
    return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    // The client's connections end with it; Java 17 has no way to end them sooner.
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(ANSWER_TIMEOUT)
            .header("Accept", MEDIA_TYPE + ", application/json");
    return authorization == null ? request : request.header("Authorization", authorization);
  }

  private Answer post(String path, String body) {
    return send(
        request(path)
            .header("Content-Type", MEDIA_TYPE)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private Answer send(HttpRequest request) {
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      byte[] body = read(response.body());
      if (body.length > MAX_ANSWER_BYTES) {
        throw new IOException("the answer is larger than " + MAX_ANSWER_BYTES + " bytes");
      }
      return new Answer(response.statusCode(), json(response.statusCode(), body));
    } catch (ConnectException e) {
      throw new RegistryUnavailableException(
          "there is no answer from the schema registry " + base, e);
    } catch (IOException e) {
      throw new RegistryUnavailableException(
          "the schema registry %s does not answer as one: %s"
              .formatted(base, excerpt(e.toString())),
          e);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  /** What is no JSON tells nothing but its status, which does where it is no success. */
  private static JsonNode json(int status, byte[] body) throws IOException {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      if (status == 200) {
        throw e;
      }
      return JSON.createObjectNode();
    }
  }

  /** The request's own timeout ends with the answer's first bytes; the rest may trickle. */
  private static byte[] read(InputStream body) throws IOException {
    CompletableFuture<Void> late =
        CompletableFuture.runAsync(
            () -> closed(body),
            CompletableFuture.delayedExecutor(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    try (body) {
      return body.readNBytes(MAX_ANSWER_BYTES + 1);
    } finally {
      late.cancel(false);
    }
  }

  private static void closed(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RuntimeException unexpected(Answer answer, String request) {
    if (answer.status() == 401 || answer.status() == 403) {
      return new RegistryRefusedException(
          "the schema registry %s refuses %s with status %d: check the credentials in gripstream.registry.url, or gripstream.key"
              .formatted(base, request, answer.status()));
    }
    return new RegistryUnavailableException(
        "%s answers %s with status %d and %s"
            .formatted(base, request, answer.status(), excerpt(answer.body().toString())));
  }

  private static String excerpt(String text) {
    return text.length() <= 300 ? text : text.substring(0, 300) + "…";
  }
}
