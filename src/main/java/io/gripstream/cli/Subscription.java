package io.gripstream.cli;

import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.follow.Follower;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;

/** Follows topics for a command, each on a thread of its own. */
final class Subscription implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Long enough for a broker that is just starting; longer looks like a hang. */
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final List<Follower> followers = new ArrayList<>();

  /**
   * Takes its place in the topics before it returns: whatever is written after that is seen.
   *
   * @param fromBeginning whether what the topics hold already is wanted too
   * @throws CommandFailure when the brokers do not answer or have no such topic
   */
  Subscription(
      KafkaClients clients, List<String> topics, boolean fromBeginning, Follower.Handler receiver) {
    long tail = fromBeginning ? Follower.ALL : Follower.NONE;
    topics.forEach(topic -> followers.add(new Follower(clients, topic, tail, receiver)));
    try {
      for (Follower follower : followers) {
        follower.require(wait -> follower.awaitPlace(wait) || follower.missing(), TIMEOUT);
        if (follower.missing()) {
          throw new CommandFailure(
              "there is no topic %s: is the service running?".formatted(follower.topic()));
        }
      }
    } catch (RuntimeException e) {
      close();
      throw e instanceof TimeoutException
          ? new CommandFailure("no answer from the brokers at " + clients.bootstrapServers(), e)
          : e;
    }
  }

  /**
   * @throws KafkaException when waiting does not help: rights, credentials, a thread that died
   */
  void check() {
    followers.forEach(Follower::check);
  }

  /** Waits until this is over. */
  void await(CountDownLatch over) throws InterruptedException {
    while (!over.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
      check();
    }
  }

  @Override
  public void close() {
    followers.forEach(Follower::close);
  }
}
