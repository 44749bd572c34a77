package io.gripstream;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can be set. Each key may come from a system property, the environment or a file.
 */
@ConfigMapping(prefix = "gripstream")
public interface GripstreamConfig {
  /** Which parts this process plays. */
  @WithDefault("labeler,curator,refiner,gateway")
  Set<Role> roles();

  /**
   * {@code pico}; or a folder in the Hugging Face layout; or a name on a hub, {@code owner/name} or
   * {@code owner/name@revision}, which is fetched once.
   */
  @WithDefault("pico")
  String model();

  /** The SHA-256 that the model's weights must have; absent: any. */
  Optional<String> modelSha256();

  Hub modelHub();

  /** {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:n}. */
  @WithDefault("auto")
  String device();

  /** {@code auto}, {@code fp32} or {@code bf16}. */
  @WithDefault("auto")
  String precision();

  /** Where this process keeps what it may lose: stream state, the embedded broker's log, caches. */
  @WithDefault("data")
  Path dataDirectory();

  Http http();

  Kafka kafka();

  Registry registry();

  Labeler labeler();

  Prompts prompts();

  Images images();

  interface Hub {
    /**
     * The hub that models are fetched from by name, or a mirror with the same paths; absent: what
     * the variable {@code HF_ENDPOINT} says, or Hugging Face's.
     */
    Optional<URI> url();

    /** Whether only models that were fetched before may be used. */
    @WithDefault("false")
    boolean offline();
  }

  interface Http {
    /** The address that the page, the REST interface and the registry listen on. */
    @WithDefault("localhost")
    String host();

    /**
     * Further names that this process is reached by: it answers to no other, so that no page of
     * somebody else's can reach it by a name of its own (DNS rebinding). {@code *}: any name.
     * Addresses, {@code localhost} and {@link #host} need not be named.
     */
    Optional<Set<String>> hosts();

    /** Their port; 0: any free one. */
    @WithDefault("8080")
    int port();
  }

  interface Kafka {
    /** The brokers; absent: a broker is started in this process. */
    Optional<String> bootstrapServers();

    @WithDefault("gripstream.")
    String topicPrefix();

    /** Replicas of the topics that Gripstream creates; -1: the broker's default. */
    @WithDefault("-1")
    short replicationFactor();

    @WithDefault("4")
    int partitions();

    /** Unique and stable per process: names transactions, group members and streams state. */
    @WithDefault("gripstream-0")
    String instanceId();

    /**
     * Whether the instance id is the same after a restart: a process that is killed then keeps its
     * partitions for 15 seconds. False where names are random.
     */
    @WithDefault("true")
    boolean staticMembership();

    /** Handed to every Kafka client as it is: security settings, for example. */
    Map<String, String> properties();
  }

  interface Registry {
    /**
     * A Confluent-compatible registry; absent: this process serves one, kept in a compacted topic.
     */
    Optional<String> url();
  }

  interface Labeler {
    /** Images that go through the tower together at most. */
    @WithDefault("64")
    int batchSize();

    /** Batches in one transaction at most. */
    @WithDefault("8")
    int batchesPerTransaction();

    /**
     * How long a task may be without a prompt before the events that name it become dead letters.
     */
    @WithDefault("5M")
    Duration promptTimeout();

    /**
     * A task's pool is renewed at most once in this time; of a faster stream only a share of the
     * images is sampled. 0: all are.
     */
    @WithDefault("30S")
    Duration poolTurnover();

    /** Single images that may wait for their labels at once ({@code POST .../label}); more: 429. */
    @WithDefault("64")
    int requests();
  }

  interface Prompts {
    /**
     * A PEM file with the Ed25519 private key (PKCS #8) that the curator signs live prompts with;
     * absent: it does not sign.
     */
    Optional<Path> signingKey();

    /**
     * A PEM file with Ed25519 public keys: labelers and gateways refuse a live prompt that none of
     * them signed; absent: a signature is not asked for.
     */
    Optional<Path> verifyKey();
  }

  interface Images {
    /** Schemes that an image event's URI may have; none: only images carried inline. */
    Optional<Set<String>> allowedSchemes();

    /** Where file URIs may point to. */
    Optional<Path> fileRoot();

    /** Hosts that http and https URIs may name. */
    Optional<Set<String>> allowedHosts();

    /**
     * The largest encoded image, in bytes: of a request's body, an event, and what is read from a
     * URI. At most 64 MiB: brokers take no request above 100 MiB, Kafka's {@code
     * socket.request.max.bytes}.
     */
    @WithDefault("16777216")
    int maxBytes();

    /** How long one image may take to be read from its URI. */
    @WithDefault("10S")
    Duration timeout();
  }

  /** A part that a process can play. */
  enum Role {
    LABELER,
    CURATOR,
    REFINER,
    GATEWAY
  }
}
