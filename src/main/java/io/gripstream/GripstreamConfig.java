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
  /** The roles that this process plays. */
  @WithDefault("labeler,curator,refiner,gateway")
  Set<Role> roles();

  /**
   * The embedded model {@code pico}, a folder in the Hugging Face CLIP layout, or a name on a hub:
   * {@code owner/name} or {@code owner/name@revision}. A name is fetched once.
   */
  @WithDefault("pico")
  String model();

  /** The SHA-256 that the model's weights must have; other weights are refused. */
  Optional<String> modelSha256();

  Hub modelHub();

  /** The device that computes: {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:n}. */
  @WithDefault("auto")
  String device();

  /**
   * The precision of the image tower that labels: {@code fp32}, {@code bf16}, or {@code auto}: bf16
   * where the GPU or the processor (AVX512-BF16, AMX) multiplies in it.
   */
  @WithDefault("auto")
  String precision();

  /**
   * The directory of stream state, caches and the embedded broker's log. It may be lost when Kafka
   * is elsewhere.
   */
  @WithDefault("data")
  Path dataDirectory();

  /**
   * The key that this process and the commands show to the registry of another process ({@code
   * Authorization: Bearer}). Whoever registers schemas needs an operator's.
   */
  Optional<String> key();

  Http http();

  Access access();

  Log log();

  Kafka kafka();

  Registry registry();

  Labeler labeler();

  Prompts prompts();

  Images images();

  interface Hub {
    /**
     * The hub that models are fetched from by name, or a mirror with the same paths. Without it the
     * variable {@code HF_ENDPOINT} says which, and else it is {@code https://huggingface.co}.
     */
    Optional<URI> url();

    /** Uses only models that were fetched before. {@code HF_HUB_OFFLINE=1} does the same. */
    @WithDefault("false")
    boolean offline();
  }

  interface Http {
    /**
     * The address that the page, the REST interface and the registry listen on; {@code 0.0.0.0} is
     * every interface.
     */
    @WithDefault("localhost")
    String host();

    /**
     * Further names that this process answers to, besides addresses, {@code localhost} and {@link
     * #host}. A request for any other name gets 421, so that no page of somebody else's can reach
     * it (DNS rebinding). {@code *} is any name.
     */
    Optional<Set<String>> hosts();

    /**
     * Whether browsers may show {@code /api/images} on pages of other origins, as Label Studio does
     * with the tasks that are exported to it. Such a page cannot read them.
     */
    @WithDefault("false")
    boolean sharedImages();

    /** The port of page, REST and registry; 0 is any free one. */
    @WithDefault("8080")
    int port();
  }

  interface Access {
    /**
     * The file of the keys that open the page, the REST interface, the registry and {@code /q},
     * read at start: one line each, {@code name role sha256-of-the-key}, as {@code ./gripstream
     * keys create} prints it. The roles are {@code viewer}, {@code labeller} and {@code operator};
     * lines that begin with {@code #} are comments. Without it nobody needs a key, and the server
     * listens on a loopback address only.
     */
    Optional<Path> keys();

    /**
     * Says that everybody who reaches the server may do everything, without a key, on an address
     * that other machines reach, too.
     */
    @WithDefault("false")
    boolean open();
  }

  interface Log {
    /** Writes each line of the log to the console as one JSON object, stack traces included. */
    @WithDefault("false")
    boolean json();
  }

  interface Kafka {
    /** The brokers. Without it a broker is started in this process. */
    Optional<String> bootstrapServers();

    /** What the names of topics, groups and transactions begin with. */
    @WithDefault("gripstream.")
    String topicPrefix();

    /** The replicas of topics that Gripstream creates; -1 is the broker's default. */
    @WithDefault("-1")
    short replicationFactor();

    /** The partitions of topics that Gripstream creates. */
    @WithDefault("4")
    int partitions();

    /**
     * The name of this process in transactions, groups and stream state: unique and stable. Two
     * processes need two.
     */
    @WithDefault("gripstream-0")
    String instanceId();

    /**
     * Says that the instance id outlives a restart: a process that is killed then keeps its
     * partitions for 15 seconds. Set {@code false} where names are random.
     */
    @WithDefault("true")
    boolean staticMembership();

    /** Settings for every Kafka client, as they are: security settings, for example. */
    Map<String, String> properties();
  }

  interface Registry {
    /**
     * A Confluent-compatible registry. Without it this process serves one, kept in a compacted
     * topic.
     */
    Optional<String> url();
  }

  interface Labeler {
    /** The most images that go through the tower together. */
    @WithDefault("64")
    int batchSize();

    /** The most batches in one transaction. */
    @WithDefault("8")
    int batchesPerTransaction();

    /**
     * The longest time that a task may be without a prompt. After it the events that name the task
     * become dead letters.
     */
    @WithDefault("5M")
    Duration promptTimeout();

    /**
     * The least time in which a task's sample pool turns over once. Of a faster stream only a share
     * of the images is sampled; 0 samples all.
     */
    @WithDefault("30S")
    Duration poolTurnover();

    /** Single images that may wait for their labels at once ({@code POST .../label}); more: 429. */
    @WithDefault("64")
    int requests();
  }

  interface Prompts {
    /**
     * A PEM file with the Ed25519 private key (PKCS #8) that the curator signs live prompts with.
     * Without it the curator does not sign.
     */
    Optional<Path> signingKey();

    /**
     * A PEM file with Ed25519 public keys. Labelers and gateways refuse a live prompt that none of
     * them signed. Without it no signature is asked for.
     */
    Optional<Path> verifyKey();
  }

  interface Images {
    /**
     * The schemes that an image event's URI may have, of {@code file}, {@code http}, {@code https}
     * and {@code s3}. Without it only inline images are read.
     */
    Optional<Set<String>> allowedSchemes();

    /** The folder that file URIs may point into. */
    Optional<Path> fileRoot();

    /** The hosts that http and https URIs may name. */
    Optional<Set<String>> allowedHosts();

    /** The buckets that s3 URIs ({@code s3://bucket/key}) may name. */
    Optional<Set<String>> allowedBuckets();

    S3 s3();

    /**
     * The largest encoded image in bytes: in a request, in a record (Kafka clients and new topics
     * take as much), and behind a URI. It is at most 64 MiB, since brokers take no request above
     * 100 MiB ({@code socket.request.max.bytes}).
     */
    @WithDefault("16777216")
    int maxBytes();

    /** The longest time that an image may take to be read from its URI. */
    @WithDefault("10S")
    Duration timeout();
  }

  interface S3 {
    /**
     * Where the store is, when it is not Amazon's: {@code https://minio.example.org:9000}. It is
     * sent the signed requests, so name one that you trust.
     */
    Optional<URI> endpoint();

    /**
     * The buckets' region. Without it the AWS SDK's order says: {@code AWS_REGION}, the profile,
     * the machine; and where these say nothing and {@link #endpoint} is set, it is {@code
     * us-east-1}.
     */
    Optional<String> region();

    /**
     * Whether the bucket is the first part of the path instead of the host's name, as most stores
     * but Amazon's want it. A bucket with a dot in its name always is.
     */
    @WithDefault("false")
    boolean pathStyle();
  }

  /** A part that a process can play. */
  enum Role {
    LABELER,
    CURATOR,
    REFINER,
    GATEWAY
  }
}
