package io.gripstream.gateway.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.filter.Filter;
import io.restassured.filter.FilterContext;
import io.restassured.response.Response;
import io.restassured.specification.FilterableRequestSpecification;
import io.restassured.specification.FilterableResponseSpecification;
import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Holds each answer that a test gets against the OpenAPI document: a route's success has a status
 * and a media type that the document names.
 */
final class DescribedAnswers implements Filter {
  private final Map<Pattern, JsonNode> paths = new HashMap<>();

  DescribedAnswers(URI home) {
    try {
      JsonNode document =
          new ObjectMapper().readTree(home.resolve("/q/openapi?format=json").toURL());
      document
          .path("paths")
          .fields()
          .forEachRemaining(
              path ->
                  paths.put(
                      Pattern.compile(path.getKey().replaceAll("\\{[^}]*}", "[^/]+")),
                      path.getValue()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Response filter(
      FilterableRequestSpecification request,
      FilterableResponseSpecification response,
      FilterContext context) {
    Response answer = context.next(request, response);
    String path = URI.create(request.getURI()).normalize().getPath();
    String method = request.getMethod().toLowerCase(Locale.ROOT);
    if (answer.statusCode() < 300) {
      paths.entrySet().stream()
          .filter(described -> described.getKey().matcher(path).matches())
          .map(described -> described.getValue().path(method))
          .filter(operation -> !operation.isMissingNode())
          .findFirst()
          .ifPresent(operation -> check(method + " " + path, operation, answer));
    }
    return answer;
  }

  private static void check(String route, JsonNode operation, Response answer) {
    JsonNode described = operation.path("responses").path(Integer.toString(answer.statusCode()));
    assertThat(described.isMissingNode())
        .as("%s answers %d, which is not described", route, answer.statusCode())
        .isFalse();
    if (answer.contentType().isEmpty() || described.path("content").isEmpty()) {
      return;
    }
    String type = answer.contentType().replaceAll(";.*", "");
    assertThat(described.path("content").fieldNames())
        .toIterable()
        .as("%s answers as %s", route, type)
        .anyMatch(
            known ->
                known.equals(type)
                    || known.endsWith("/*")
                        && type.startsWith(known.substring(0, known.length() - 1)));
  }
}
