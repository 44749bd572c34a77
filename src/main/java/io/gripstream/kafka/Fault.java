package io.gripstream.kafka;

import ai.djl.engine.EngineException;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import io.gripstream.kafka.registry.UnknownSchemaException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.DelegationTokenDisabledException;
import org.apache.kafka.common.errors.DelegationTokenExpiredException;
import org.apache.kafka.common.errors.DelegationTokenNotFoundException;
import org.apache.kafka.common.errors.DelegationTokenOwnerMismatchException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidGroupIdException;
import org.apache.kafka.common.errors.InvalidPrincipalTypeException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidSessionTimeoutException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.MismatchedEndpointTypeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.UnacceptableCredentialException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.apache.kafka.common.errors.UnsupportedByAuthenticationException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.errors.UnsupportedEndpointTypeException;

/**
 * What a failure means for whoever meets it: the one classification of everything that Kafka's
 * clients, the schema registries, the engine and the code of a role throw.
 *
 * <p>Clients wrap what they throw in several ways, so all causes count. The first of {@link #RULES}
 * that any of them satisfies decides.
 */
public enum Fault {
  /** The record in hand, or what was made of it: isolate it, write a dead letter, go on. */
  RECORD,
  /**
   * The engine: fewer records at a time may do, and none of them is to blame. Never a letter. A
   * device that answers nothing but errors any more is {@link #FATAL}: a new process may reach it.
   */
  ENGINE,
  /** Something that passes, such as a broker or a registry that is away: try again, and later. */
  TRANSIENT,
  /** The group has moved on since the records were polled: throw away what was made of them. */
  REBALANCED,
  /** Another process has this one's identity: connect anew, but not at once. */
  FENCED,
  /** The brokers refuse this machine's timestamps: others should do the work until it is mended. */
  CLOCK,
  /** The configuration, the rights, or this process: give up, and say why in one line. */
  FATAL;

  private static final int LONGEST_CHAIN = 50;
  private static final int LONGEST_LINE = 500;

  private record Rule(Fault fault, Predicate<Throwable> cause) {
    Rule(Fault fault, List<Class<? extends Throwable>> types) {
      this(fault, failure -> types.stream().anyMatch(type -> type.isInstance(failure)));
    }

    boolean holds(Throwable failure) {
      return chain(failure).stream().anyMatch(cause);
    }
  }

  /** All others of Kafka's say something of the client, and a new one may do better. */
  private static final Rule ANY_OTHER = new Rule(TRANSIENT, List.of(KafkaException.class));

  private static final List<Rule> RULES =
      List.of(
          // What a registry says is told first: others wrap it as if the record were at fault.
          new Rule(TRANSIENT, List.of(RegistryUnavailableException.class)),
          new Rule(FATAL, List.of(RegistryRefusedException.class)),
          new Rule(
              RECORD,
              List.of(
                  RecordTooLargeException.class,
                  RecordBatchTooLargeException.class,
                  InvalidRecordException.class,
                  SerializationException.class,
                  UnknownSchemaException.class)),
          new Rule(
              REBALANCED,
              List.of(
                  CommitFailedException.class,
                  RebalanceInProgressException.class,
                  IllegalGenerationException.class,
                  UnknownMemberIdException.class,
                  FencedMemberEpochException.class,
                  StaleMemberEpochException.class)),
          new Rule(
              FENCED,
              List.of(
                  ProducerFencedException.class,
                  InvalidProducerEpochException.class,
                  FencedInstanceIdException.class,
                  UnreleasedInstanceIdException.class)),
          // Outputs bear the time of this machine.
          new Rule(CLOCK, List.of(InvalidTimestampException.class)),
          new Rule(
              FATAL,
              List.of(
                  // Rights, credentials, versions, names: nothing that another attempt mends.
                  InvalidConfigurationException.class,
                  ConfigException.class,
                  SecurityDisabledException.class,
                  PolicyViolationException.class,
                  DelegationTokenDisabledException.class,
                  DelegationTokenExpiredException.class,
                  DelegationTokenNotFoundException.class,
                  DelegationTokenOwnerMismatchException.class,
                  UnacceptableCredentialException.class,
                  UnsupportedByAuthenticationException.class,
                  UnsupportedCompressionTypeException.class,
                  UnsupportedAssignorException.class,
                  UnsupportedEndpointTypeException.class,
                  MismatchedEndpointTypeException.class,
                  InvalidGroupIdException.class,
                  InconsistentGroupProtocolException.class,
                  GroupSubscribedToTopicException.class,
                  InvalidSessionTimeoutException.class,
                  InvalidTxnTimeoutException.class,
                  InvalidPrincipalTypeException.class)),
          new Rule(FATAL, Fault::lostItsDevice),
          new Rule(ENGINE, List.of(EngineException.class)),
          new Rule(RECORD, List.of(StackOverflowError.class, OutOfMemoryError.class)),
          new Rule(FATAL, List.of(Error.class)),
          ANY_OTHER);

  /** An exception that nobody knows comes from work on a record. */
  public static Fault of(Throwable failure) {
    return RULES.stream()
        .filter(rule -> rule.holds(failure))
        .findFirst()
        .map(Rule::fault)
        .orElse(RECORD);
  }

  /** A failure as Kafka's clients throw theirs, as it is where it is one of theirs. */
  public static KafkaException asKafka(Throwable failure) {
    return failure instanceof KafkaException kafka ? kafka : new KafkaException(failure);
  }

  /** What happened, for people: one line, in the words of the cause that decided. */
  public static String line(Throwable failure) {
    Rule decided = RULES.stream().filter(rule -> rule.holds(failure)).findFirst().orElse(ANY_OTHER);
    if (decided.fault() == CLOCK) {
      return "the brokers refuse this machine's timestamps; its clock says %s: set the clock"
          .formatted(Instant.now());
    }
    Throwable telling = failure;
    for (Throwable cause : chain(failure)) {
      if (decided == ANY_OTHER || decided.cause().test(cause)) {
        telling = cause;
      }
    }
    String name = telling.getClass().getSimpleName();
    String message = telling.getMessage() == null ? name : telling.getMessage();
    if (telling instanceof EngineException) {
      // The interpreter tells where it was first, and what happened last.
      message = message.substring(Math.max(0, message.lastIndexOf("RuntimeError: ")));
    }
    boolean speaks =
        telling instanceof RegistryUnavailableException
            || telling instanceof RegistryRefusedException;
    String line = (speaks || message.equals(name) ? message : name + ": " + message).strip();
    line = line.replaceAll("\\s+", " ");
    return line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE - 1) + "…";
  }

  /** Whether a device answers nothing but errors any more; what it worked on may be why. */
  public static boolean isLostDevice(Throwable failure) {
    return chain(failure).stream().anyMatch(Fault::lostItsDevice);
  }

  /** After one of CUDA's own errors each later call fails too; memory that is short is no such. */
  private static boolean lostItsDevice(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof EngineException
        && message != null
        && message.contains("CUDA error: ")
        && !message.contains("out of memory");
  }

  /** The failure and its causes. */
  private static List<Throwable> chain(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .limit(LONGEST_CHAIN)
        .toList();
  }
}
