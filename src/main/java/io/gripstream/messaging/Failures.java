package io.gripstream.messaging;

import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;

/** What a failure of Kafka's clients is about; they wrap what they throw in several ways. */
final class Failures {
  private Failures() {}

  /** The broker refuses an output for what it is. */
  static boolean concernsData(Throwable failure) {
    return hasCause(failure, RecordTooLargeException.class)
        || hasCause(failure, InvalidRecordException.class);
  }

  /** The group has moved on since the records were polled. */
  static boolean concernsMembership(Throwable failure) {
    return hasCause(failure, CommitFailedException.class)
        || hasCause(failure, RebalanceInProgressException.class);
  }

  /** The broker refuses this machine's timestamps: they are too far from its own time. */
  static boolean concernsClock(Throwable failure) {
    return hasCause(failure, InvalidTimestampException.class);
  }

  /** Another process has taken this one's identity. */
  static boolean wasFenced(Throwable failure) {
    return hasCause(failure, FencedInstanceIdException.class)
        || hasCause(failure, ProducerFencedException.class);
  }

  private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }
}
