package io.gripstream.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import io.gripstream.kafka.registry.IncompatibleSchemaException;
import io.gripstream.kafka.registry.RegistryRefusedException;
import io.gripstream.kafka.registry.RegistryUnavailableException;
import io.gripstream.kafka.registry.UnknownSchemaException;
import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.jar.JarFile;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;

class FaultTest {
  @Test
  void everyExceptionOfKafkasClientsHasItsPlace() throws Exception {
    Map<Fault, Set<String>> places = new TreeMap<>();
    for (ApiException failure : all()) {
      Fault fault = Fault.of(failure);
      if (failure instanceof RetriableException) {
        assertThat(fault).as(failure.toString()).isEqualTo(Fault.TRANSIENT);
      }
      if (failure instanceof AuthorizationException || failure instanceof AuthenticationException) {
        assertThat(fault).as(failure.toString()).isEqualTo(Fault.FATAL);
      }
      // However the clients wrap it.
      assertThat(Fault.of(new KafkaException("wrapped", failure))).isEqualTo(fault);
      assertThat(Fault.of(new ExecutionException(failure))).isEqualTo(fault);
      assertThat(Fault.of(new StreamsException("died", new KafkaException(failure))))
          .isEqualTo(fault);
      assertThat(Fault.line(new KafkaException("wrapped", failure))).doesNotContain("\n");
      places
          .computeIfAbsent(fault, any -> new TreeSet<>())
          .add(failure.getClass().getSimpleName().replace("Exception", ""));
    }
    System.out.println("Kafka's exceptions by fault: " + counts(places));
    assertThat(places.get(Fault.RECORD))
        .containsExactly("InvalidRecord", "RecordBatchTooLarge", "RecordTooLarge");
    assertThat(places.get(Fault.REBALANCED))
        .containsExactly(
            "FencedMemberEpoch",
            "IllegalGeneration",
            "RebalanceInProgress",
            "StaleMemberEpoch",
            "UnknownMemberId");
    assertThat(places.get(Fault.FENCED))
        .containsExactly(
            "FencedInstanceId", "InvalidProducerEpoch", "ProducerFenced", "UnreleasedInstanceId");
    assertThat(places.get(Fault.CLOCK)).containsExactly("InvalidTimestamp");
    assertThat(places.get(Fault.FATAL))
        .contains(
            "ClusterAuthorization",
            "GroupAuthorization",
            "InvalidTopic",
            "PolicyViolation",
            "SaslAuthentication",
            "SecurityDisabled",
            "SslAuthentication",
            "TopicAuthorization",
            "TransactionalIdAuthorization",
            "UnsupportedSaslMechanism",
            "UnsupportedVersion");
    assertThat(places.get(Fault.TRANSIENT))
        .contains(
            "ConcurrentTransactions", "OutOfOrderSequence", "TransactionAborted", "UnknownServer");
    assertThat(places).doesNotContainKey(Fault.ENGINE);
  }

  @Test
  void whatIsNoneOfKafkasHasItsPlaceToo() {
    assertThat(Fault.of(new CommitFailedException())).isEqualTo(Fault.REBALANCED);
    assertThat(Fault.of(new SerializationException("not a label"))).isEqualTo(Fault.RECORD);
    assertThat(Fault.of(new UnknownSchemaException(7))).isEqualTo(Fault.RECORD);
    assertThat(Fault.of(new IllegalArgumentException("choked on it"))).isEqualTo(Fault.RECORD);
    assertThat(Fault.of(new StackOverflowError())).isEqualTo(Fault.RECORD);
    assertThat(Fault.of(new OutOfMemoryError("Java heap space"))).isEqualTo(Fault.RECORD);
    assertThat(Fault.of(new NoClassDefFoundError("a.B"))).isEqualTo(Fault.FATAL);
    assertThat(Fault.of(new EngineException("CUDA out of memory"))).isEqualTo(Fault.ENGINE);
    assertThat(Fault.of(new EngineException("CUDA error: out of memory"))).isEqualTo(Fault.ENGINE);
    assertThat(Fault.of(new EngineException("CUDA error: device-side assert triggered")))
        .isEqualTo(Fault.FATAL);
    assertThat(Fault.of(new RegistryUnavailableException("away"))).isEqualTo(Fault.TRANSIENT);
    assertThat(Fault.of(new RegistryRefusedException("401"))).isEqualTo(Fault.FATAL);
    assertThat(Fault.of(new IncompatibleSchemaException("no default"))).isEqualTo(Fault.FATAL);
  }

  @Test
  void whatARegistrySaysIsNotTheRecordsFaultHoweverItIsWrapped() {
    var away = new SerializationException("no label", new RegistryUnavailableException("away"));
    assertThat(Fault.of(new StreamsException(away))).isEqualTo(Fault.TRANSIENT);
    var refused =
        new SerializationException("no label", new RegistryRefusedException("status 401"));
    assertThat(Fault.of(refused)).isEqualTo(Fault.FATAL);
    assertThat(Fault.line(refused)).isEqualTo("status 401");
  }

  @Test
  void aLineTellsWhatDecided() {
    assertThat(
            Fault.line(
                new KafkaException(
                    "Unexpected error\n in commit",
                    new TopicAuthorizationException("not\n\tauthorized"))))
        .isEqualTo("TopicAuthorizationException: not authorized");
    assertThat(Fault.line(new RecordTooLargeException("x".repeat(5000)))).hasSize(500);
    assertThat(
            Fault.line(
                new EngineException(
                    "The following operation failed in the TorchScript interpreter.\n"
                        + "Traceback of TorchScript (most recent call last):\n"
                        + "  File \"clip.py\", line 7, in encode\n"
                        + "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB")))
        .isEqualTo("EngineException: RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB");
  }

  private static Map<Fault, Integer> counts(Map<Fault, Set<String>> places) {
    Map<Fault, Integer> counts = new TreeMap<>();
    places.forEach((fault, names) -> counts.put(fault, names.size()));
    return counts;
  }

  /** One of each class in the clients' archive. */
  private static List<ApiException> all() throws Exception {
    Path archive =
        Path.of(ApiException.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<ApiException> all = new ArrayList<>();
    for (String name : classes(archive)) {
      Class<?> type = Class.forName(name, false, ApiException.class.getClassLoader());
      if (ApiException.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())) {
        all.add(make(type.asSubclass(ApiException.class)));
      }
    }
    assertThat(all).hasSizeGreaterThan(130);
    return all;
  }

  private static List<String> classes(Path archive) throws IOException {
    try (JarFile jar = new JarFile(archive.toFile())) {
      return Collections.list(jar.entries()).stream()
          .map(entry -> entry.getName())
          .filter(name -> name.startsWith("org/apache/kafka/") && name.endsWith("Exception.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .toList();
    }
  }

  private static ApiException make(Class<? extends ApiException> type) throws Exception {
    List<Exception> failures = new ArrayList<>();
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      Object[] arguments = new Object[constructor.getParameterCount()];
      for (int i = 0; i < arguments.length; i++) {
        Class<?> wanted = constructor.getParameterTypes()[i];
        arguments[i] =
            wanted == String.class
                ? "what it says"
                : wanted == Set.class
                    ? Set.of()
                    : wanted == Map.class
                        ? Map.of()
                        : wanted.isPrimitive() ? Array.get(Array.newInstance(wanted, 1), 0) : null;
      }
      try {
        constructor.setAccessible(true);
        return type.cast(constructor.newInstance(arguments));
      } catch (ReflectiveOperationException e) {
        failures.add(e);
      }
    }
    throw new AssertionError("cannot make " + type + ": " + failures);
  }
}
