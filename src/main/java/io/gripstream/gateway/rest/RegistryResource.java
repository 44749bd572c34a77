package io.gripstream.gateway.rest;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.gripstream.kafka.embedded.EmbeddedRegistry;
import io.gripstream.kafka.embedded.EmbeddedRegistry.Registered;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.gripstream.kafka.registry.SchemaRegistry;
import io.gripstream.kafka.registry.UnknownSchemaException;
import io.quarkus.arc.ClientProxy;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The embedded registry, as Confluent's clients expect one: enough of its REST API to find and to
 * register Avro schemas. There is nothing here when the process uses a registry of its own.
 */
@Path("/")
@Produces({RegistryResource.TYPE, MediaType.APPLICATION_JSON})
@Consumes({
  RegistryResource.TYPE,
  MediaType.APPLICATION_JSON,
  "application/vnd.schemaregistry+json"
})
@Tag(name = "Schema registry")
@Blocking
@RolesAllowed("viewer")
public final class RegistryResource {
  static final String TYPE = "application/vnd.schemaregistry.v1+json";
  private static final int LONGEST_SCHEMA = 1 << 18;
  private static final int LONGEST_SUBJECT = 249 + "-value".length();

  private final Instance<SchemaRegistry> registry;

  RegistryResource(Instance<SchemaRegistry> registry) {
    this.registry = registry;
  }

  /** What clients send. Later versions of the API know more fields. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record SchemaRequest(String schema, String schemaType) {}

  /** The id that a schema was given. */
  public record Id(int id) {}

  /** A schema as text. */
  public record SchemaText(String schema) {}

  /** A schema with where it is used. */
  public record SubjectVersion(String subject, int version, int id, String schema) {
    static SubjectVersion of(Registered registered) {
      return new SubjectVersion(
          registered.subject(),
          registered.version(),
          registered.id(),
          registered.schema().toString());
    }
  }

  /** What this registry allows. */
  public record Compatibility(String compatibilityLevel) {}

  /** Whether a schema could be a subject's next. */
  public record Compatible(@JsonProperty("is_compatible") boolean compatible) {}

  /** Whether schemas can be registered. */
  public record Mode(String mode) {}

  /** A version of a subject, without its schema. */
  public record Use(String subject, int version) {}

  @GET
  @Path("subjects")
  @Operation(summary = "All subjects")
  public List<String> subjects() {
    return embedded().subjects();
  }

  @GET
  @Path("subjects/{subject}/versions")
  @Operation(summary = "The versions of a subject")
  public List<Integer> versions(@PathParam("subject") String subject) {
    List<Integer> versions = embedded().versions(subject);
    if (versions.isEmpty()) {
      throw RegistryError.noSubject(subject);
    }
    return versions;
  }

  @GET
  @Path("subjects/{subject}/versions/{version}")
  @Operation(summary = "One version of a subject, or the latest")
  public SubjectVersion version(
      @PathParam("subject") String subject, @PathParam("version") String version) {
    return SubjectVersion.of(registered(subject, version));
  }

  @GET
  @Path("subjects/{subject}/versions/{version}/schema")
  @Operation(summary = "The schema of one version, bare")
  public String bare(@PathParam("subject") String subject, @PathParam("version") String version) {
    return registered(subject, version).schema().toString();
  }

  @POST
  @RolesAllowed("operator")
  @Path("subjects/{subject}/versions")
  @Operation(summary = "Registers a schema")
  public Id register(@PathParam("subject") String subject, SchemaRequest request) {
    if (subject.length() > LONGEST_SUBJECT || !subject.matches("[A-Za-z0-9._-]+")) {
      throw new RegistryError(422, 42208, "The specified subject '" + subject + "' is not valid");
    }
    try {
      return new Id(embedded().register(subject, parse(request)));
    } catch (IncompatibleSchemaException e) {
      throw new RegistryError(409, 409, e.getMessage());
    }
  }

  @POST
  @Path("subjects/{subject}")
  @Operation(summary = "Finds a schema under a subject")
  public SubjectVersion lookUp(@PathParam("subject") String subject, SchemaRequest request) {
    Schema wanted = parse(request);
    EmbeddedRegistry embedded = embedded();
    return versions(subject).stream()
        .flatMap(version -> embedded.version(subject, version).stream())
        .filter(registered -> registered.schema().equals(wanted))
        .findFirst()
        .map(SubjectVersion::of)
        .orElseThrow(() -> new RegistryError(404, 40403, "Schema not found"));
  }

  @GET
  @Path("schemas/ids/{id}")
  @Operation(summary = "The schema with an id")
  public SchemaText byId(@PathParam("id") int id) {
    try {
      return new SchemaText(embedded().byId(id).toString());
    } catch (UnknownSchemaException e) {
      throw new RegistryError(404, 40403, "Schema " + id + " not found");
    }
  }

  @GET
  @Path("schemas/types")
  @Operation(summary = "The kinds of schema: Avro's")
  public List<String> types() {
    embedded();
    return List.of("AVRO");
  }

  @GET
  @Path("config")
  @Operation(summary = "What changes of a schema are allowed")
  public Compatibility config() {
    embedded();
    return new Compatibility("BACKWARD");
  }

  @GET
  @Path("config/{subject}")
  @Operation(summary = "What changes of a subject's schema are allowed")
  public Compatibility config(
      @PathParam("subject") String subject, @QueryParam("defaultToGlobal") boolean orGlobal) {
    if (!orGlobal) {
      throw new RegistryError(
          404,
          40408,
          "Subject '" + subject + "' does not have subject-level compatibility configured");
    }
    return config();
  }

  @GET
  @Path("mode")
  @Operation(summary = "Whether schemas can be registered")
  public Mode mode() {
    embedded();
    return new Mode("READWRITE");
  }

  @GET
  @Path("mode/{subject}")
  @Operation(summary = "Whether schemas of a subject can be registered")
  public Mode mode(
      @PathParam("subject") String subject, @QueryParam("defaultToGlobal") boolean orGlobal) {
    if (!orGlobal) {
      throw new RegistryError(
          404, 40409, "Subject '" + subject + "' does not have subject-level mode configured");
    }
    return mode();
  }

  @POST
  @Path("compatibility/subjects/{subject}/versions/{version}")
  @Operation(summary = "Whether a schema can read what was written with a version's")
  public Compatible compatible(
      @PathParam("subject") String subject,
      @PathParam("version") String version,
      SchemaRequest request) {
    return new Compatible(
        EmbeddedRegistry.reads(parse(request), registered(subject, version).schema()));
  }

  @POST
  @Path("compatibility/subjects/{subject}/versions")
  @Operation(summary = "Whether a schema can be a subject's next")
  public Compatible compatible(@PathParam("subject") String subject, SchemaRequest request) {
    return compatible(subject, "latest", request);
  }

  @GET
  @Path("schemas/ids/{id}/schema")
  @Operation(summary = "The schema with an id, bare")
  public String bareById(@PathParam("id") int id) {
    return byId(id).schema();
  }

  @GET
  @Path("schemas/ids/{id}/versions")
  @Operation(summary = "Where the schema with an id is used")
  public List<Use> uses(@PathParam("id") int id) {
    byId(id);
    return embedded().uses(id).stream()
        .map(registered -> new Use(registered.subject(), registered.version()))
        .toList();
  }

  @GET
  @Path("schemas/ids/{id}/subjects")
  @Operation(summary = "The subjects that the schema with an id is used by")
  public List<String> users(@PathParam("id") int id) {
    return uses(id).stream().map(Use::subject).distinct().toList();
  }

  private Registered registered(String subject, String version) {
    versions(subject);
    if (version.equals("latest") || version.equals("-1")) {
      return embedded().latest(subject).orElseThrow(() -> RegistryError.noSubject(subject));
    }
    int number;
    try {
      number = Integer.parseInt(version);
    } catch (NumberFormatException e) {
      throw RegistryError.badVersion(version);
    }
    if (number < 1) {
      throw RegistryError.badVersion(version);
    }
    return embedded()
        .version(subject, number)
        .orElseThrow(() -> new RegistryError(404, 40402, "Version " + version + " not found."));
  }

  private static Schema parse(SchemaRequest request) {
    if (request == null || request.schema() == null || request.schema().length() > LONGEST_SCHEMA) {
      throw new RegistryError(422, 42201, "Invalid schema: missing or too long");
    }
    if (request.schemaType() != null && !request.schemaType().equals("AVRO")) {
      throw new RegistryError(422, 42201, "Invalid schema type " + request.schemaType());
    }
    try {
      return new Schema.Parser().parse(request.schema());
    } catch (NullPointerException e) {
      // The parser resolves names after reading, and does not expect that to fail.
      throw new RegistryError(
          422, 42201, "Invalid schema: it names a type that it does not define");
    } catch (AvroRuntimeException e) {
      // What has a cause repeats it, with its class.
      throw new RegistryError(
          422,
          42201,
          "Invalid schema: " + (e.getCause() == null ? e.getMessage() : "it is not readable JSON"));
    }
  }

  private EmbeddedRegistry embedded() {
    // Seen through a proxy, a bean would be none of the registries.
    if (ClientProxy.unwrap(registry.get()) instanceof EmbeddedRegistry embedded) {
      return embedded;
    }
    throw new RegistryError(404, 404, "This process uses a registry elsewhere");
  }
}
