package io.gripstream.gateway.rest;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem.HttpMethod;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/**
 * Adds to the API's description what holds for every operation: a name, how a key is sent, and the
 * body of whatever is not the answer that was asked for.
 */
@OpenApiFilter(OpenApiFilter.RunStage.BUILD)
public final class ApiDescription implements OASFilter {
  /** As quarkus.smallrye-openapi.security-scheme-name has it. */
  private static final String KEY = "key";

  private static final String KEY_AS_PASSWORD = "keyAsPassword";

  @Override
  public void filterOpenAPI(OpenAPI api) {
    describeKeys(api);
    api.addServer(OASFactory.createServer().url("/").description("This process"));
    api.getPaths()
        .getPathItems()
        .forEach(
            (path, item) ->
                item.getOperations()
                    .forEach((method, operation) -> complete(path, method, operation)));
  }

  /** Two ways for the same key. */
  private static void describeKeys(OpenAPI api) {
    Map.of(KEY, "bearer", KEY_AS_PASSWORD, "basic")
        .forEach(
            (name, scheme) ->
                api.getComponents()
                    .addSecurityScheme(
                        name,
                        OASFactory.createSecurityScheme()
                            .type(SecurityScheme.Type.HTTP)
                            .scheme(scheme)));
  }

  private static void complete(String path, HttpMethod method, Operation operation) {
    if (operation.getOperationId() == null) {
      operation.setOperationId(name(path, method));
    }
    // The roles that Quarkus found at the resource.
    if (operation.getSecurity() == null) {
      throw new IllegalStateException(
          "%s %s says no role: its resource needs @RolesAllowed".formatted(method, path));
    }
    List<String> roles = operation.getSecurity().get(0).getScheme(KEY);
    operation.addSecurityRequirement(
        OASFactory.createSecurityRequirement().addScheme(KEY_AS_PASSWORD, roles));
    boolean ours = path.startsWith("/api/");
    operation
        .getResponses()
        .setDefaultValue(
            ours
                ? problem("Why the request was not served", Problem.MEDIA_TYPE, ourProblem())
                : problem("An error of a registry", RegistryResource.TYPE, registryError()));
  }

  private static String name(String path, HttpMethod method) {
    StringBuilder name = new StringBuilder(method.name().toLowerCase(Locale.ROOT));
    for (String step : path.split("\\W+")) {
      if (!step.isEmpty() && !step.equals("api")) {
        name.append(Character.toUpperCase(step.charAt(0))).append(step.substring(1));
      }
    }
    return name.toString();
  }

  private static APIResponse problem(String description, String mediaType, Schema schema) {
    return OASFactory.createAPIResponse()
        .description(description)
        .content(
            OASFactory.createContent()
                .addMediaType(mediaType, OASFactory.createMediaType().schema(schema)));
  }

  private static Schema ourProblem() {
    return object(
        Map.of(
            "title", type(Schema.SchemaType.STRING),
            "status", type(Schema.SchemaType.INTEGER),
            "detail", type(Schema.SchemaType.STRING),
            "errors", type(Schema.SchemaType.ARRAY).items(type(Schema.SchemaType.STRING))));
  }

  private static Schema registryError() {
    return object(
        Map.of(
            "error_code", type(Schema.SchemaType.INTEGER),
            "message", type(Schema.SchemaType.STRING)));
  }

  private static Schema object(Map<String, Schema> properties) {
    Schema schema = type(Schema.SchemaType.OBJECT);
    new TreeMap<>(properties).forEach(schema::addProperty);
    return schema;
  }

  private static Schema type(Schema.SchemaType type) {
    return OASFactory.createSchema().addType(type);
  }
}
