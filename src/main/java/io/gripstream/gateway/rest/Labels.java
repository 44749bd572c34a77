package io.gripstream.gateway.rest;

import io.gripstream.event.LabelEvent;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.rest.LabelResource.LabelRequest;
import io.gripstream.kafka.Position;
import io.gripstream.kafka.Topics;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;

/** Checks what people say of images, and writes it. */
@ApplicationScoped
final class Labels {
  private static final Duration READ_OWN_WRITE = Duration.ofSeconds(5);
  private static final int LONGEST_ANNOTATOR = 200;

  private final Gateway gateway;
  private final Topics topics;

  Labels(Gateway gateway, Topics topics) {
    this.gateway = gateway;
    this.topics = topics;
  }

  /** What is wrong with a label, beginning with the name of its field. */
  static Optional<String> fault(LabelRequest request, Set<String> classes) {
    Optional<String> id = Names.fault(request.imageId());
    if (id.isPresent()) {
      return Optional.of("imageId " + id.get());
    }
    if (request.annotator() != null && request.annotator().length() > LONGEST_ANNOTATOR) {
      return Optional.of("annotator is too long");
    }
    return request.label() == null || classes.contains(request.label())
        ? Optional.empty()
        : Optional.of("label is none of the task's classes");
  }

  /**
   * Writes labels in one transaction, and waits a while until they are on the board.
   *
   * @param labels without fault, at least one
   */
  void write(String task, List<LabelRequest> labels) throws InterruptedException {
    Serializer<LabelEvent> serializer = gateway.serdes().labels().serializer();
    List<byte[]> events =
        labels.stream()
            .map(label -> new LabelEvent(label.imageId(), label.label(), label.annotator()))
            .map(event -> serializer.serialize(topics.labels(), event))
            .toList();
    Position last = gateway.publisher().publishAll(topics.labels(), task, events);
    // All have one key and lie on one partition: when the last one is on the board, all are.
    gateway.feeds().labels().await(last.partition(), last.offset(), READ_OWN_WRITE);
  }
}
