package io.gripstream.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.gripstream.Subscriber;
import io.gripstream.Subscriber.Message;
import io.gripstream.chaos.Violation.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;

/**
 * Judges what the service has made of all that was sent to it, as a {@code read_committed} consumer
 * sees it, and by nothing but the topics. It uses no class of the service.
 *
 * <p>The invariants, one method each:
 *
 * <ol>
 *   <li>{@link #images}: each image has one prediction per task, or is one dead letter.
 *   <li>{@link #versions}: a version is one prompt, and each prediction names one that exists.
 *   <li>{@link #labelsOfPrompts}: that prompt gives the labels which the prediction has.
 *   <li>{@link #live}: what goes live was a candidate, and the diary says that it went live.
 *   <li>{@link #rounds}: a round that is requested or started ends once.
 *   <li>{@link #people}: no label and no command is lost, and each command is answered once.
 * </ol>
 *
 * For one thread.
 */
final class Verifier implements AutoCloseable {
  /** Samples carry features in half precision, predictions come from single precision. */
  private static final double ROUNDING = 0.02;

  private static final Set<String> ENDS = Set.of("PROMOTED", "HELD", "FAILED");
  private static final Set<String> GOES_LIVE = Set.of("PROMOTED", "PINNED", "ROLLED_BACK");

  /**
   * How the diary says that a task has got its former classes back, and their version with them.
   */
  private static final String LIVE_AGAIN = "the task's definition is the one that version";

  private final Map<String, Subscriber> topics = new HashMap<>();
  private final Map<String, List<Message>> read = new HashMap<>();
  private List<Violation> found;
  private Map<String, Integer> counts;

  /**
   * What was found.
   *
   * @param counts how much was looked at, by name: a test that saw nothing has shown nothing
   */
  record Report(List<Violation> violations, Map<String, Integer> counts) {
    /** Those that time may still heal. */
    List<Violation> pending() {
      return violations.stream().filter(violation -> violation.kind().mayHeal()).toList();
    }
  }

  private record Subject(String image, String task) {}

  private record Version(String task, int number) {}

  private record Round(String task, int number) {}

  /**
   * @param registry finds a schema by its id
   * @param prefix of the topics
   */
  Verifier(String brokers, IntFunction<Schema> registry, String prefix) {
    for (String topic :
        List.of(
            "predictions", "samples", "candidates", "prompts", "rounds", "labels", "commands")) {
      topics.put(topic, new Subscriber(brokers, registry, prefix + topic));
    }
    topics.put("dead-letters", new Subscriber(brokers, null, prefix + "dead-letters"));
  }

  /** Reads on to the end of each topic, and judges all of it. */
  Report check(Sent sent) {
    topics.forEach((topic, subscriber) -> read.put(topic, subscriber.messages()));
    found = new ArrayList<>();
    counts = new TreeMap<>();
    images(sent);
    Map<Version, Map<String, Prompt>> known = versions();
    labelsOfPrompts(known);
    live();
    rounds();
    people(sent);
    return new Report(List.copyOf(found), counts);
  }

  private void images(Sent sent) {
    Map<Subject, Long> predictions =
        values("predictions")
            .collect(groupingBy(p -> new Subject(text(p, "imageId"), text(p, "task")), counting()));
    Map<String, Long> letters =
        messages("dead-letters").stream()
            .filter(letter -> header(letter, "origin.topic").endsWith("images"))
            .collect(groupingBy(Verifier::key, counting()));
    counts.put("images", sent.images().size());
    counts.put("predictions", total(predictions));
    counts.put("dead letters", total(letters));

    predictions.forEach(
        (subject, times) -> {
          if (times > 1) {
            report(Kind.TWICE, "%d predictions of %s", times, subject);
          }
        });
    Set<String> ids = new HashSet<>();
    for (Sent.Image image : sent.images()) {
      ids.add(image.id());
      long refused = letters.getOrDefault(image.id(), 0L);
      if (refused > 0 && image.good()) {
        report(Kind.BLAMED, "%s is a good image", image.id());
      }
      if (refused > 1) {
        report(Kind.TWICE, "%d letters of %s", refused, image.id());
      }
      for (String task : image.tasks()) {
        boolean predicted = predictions.containsKey(new Subject(image.id(), task));
        if (!predicted && refused == 0) {
          report(Kind.LOST, "%s of %s", image.id(), task);
        } else if (predicted && refused > 0) {
          report(Kind.TWICE, "%s of %s is a prediction and a letter", image.id(), task);
        }
      }
    }
    Stream.concat(predictions.keySet().stream().map(Subject::image), letters.keySet().stream())
        .filter(id -> !ids.contains(id))
        .forEach(id -> report(Kind.INVENTED, "%s was never acknowledged", id));
  }

  /** All prompts that there are, by version and then by digest. */
  private Map<Version, Map<String, Prompt>> versions() {
    Map<Version, Map<String, Prompt>> known = new HashMap<>();
    Stream.concat(values("candidates"), values("prompts"))
        .forEach(
            prompt ->
                known
                    .computeIfAbsent(version(prompt, "version"), any -> new HashMap<>())
                    .putIfAbsent(text(prompt, "digest"), Prompt.of(prompt)));
    counts.put("versions", known.size());
    known.forEach(
        (version, digests) -> {
          if (digests.size() > 1) {
            report(Kind.TWO_DIGESTS, "%s: %s", version, digests.keySet());
          }
        });
    values("predictions")
        .filter(p -> prompt(known, p) == null)
        .forEach(
            p ->
                report(
                    Kind.UNKNOWN_VERSION,
                    "%s of %s names %s, %s",
                    text(p, "imageId"),
                    text(p, "task"),
                    version(p, "promptVersion"),
                    text(p, "promptDigest")));
    return known;
  }

  /** Wherever the feature of an image is known, its labels are computed again. */
  private void labelsOfPrompts(Map<Version, Map<String, Prompt>> known) {
    Map<Subject, GenericRecord> predictions =
        values("predictions")
            .collect(
                toMap(
                    p -> new Subject(text(p, "imageId"), text(p, "task")),
                    p -> p,
                    (one, other) -> one));
    int computed = 0;
    for (Message sample : messages("samples")) {
      Subject subject = new Subject(text(sample.value(), "imageId"), key(sample));
      GenericRecord prediction = predictions.get(subject);
      Prompt prompt = prediction == null ? null : prompt(known, prediction);
      if (prompt == null) {
        continue;
      }
      computed++;
      GenericRecord best = (GenericRecord) ((List<?>) prediction.get("labels")).get(0);
      double[] probabilities =
          prompt.probabilities(Prompt.halves((ByteBuffer) sample.value().get("feature")));
      int label = prompt.classes().indexOf(text(best, "label"));
      double highest = Arrays.stream(probabilities).max().orElseThrow();
      if (label < 0
          || probabilities[label] < highest - ROUNDING
          || Math.abs(probabilities[label] - (float) best.get("confidence")) > ROUNDING) {
        report(
            Kind.WRONG_LABEL,
            "%s: %s, but %s says %s",
            subject,
            best,
            version(prediction, "promptVersion"),
            label < 0 ? "no such class" : probabilities[label]);
      }
    }
    counts.put("labels computed again", computed);
  }

  private void live() {
    Set<Version> candidates = values("candidates").map(c -> version(c, "version")).collect(toSet());
    Set<Version> noted =
        values("rounds")
            .filter(e -> GOES_LIVE.contains(text(e, "type")) && e.get("version") != null)
            .map(e -> version(e, "version"))
            .collect(toSet());
    List<Version> live = values("prompts").map(p -> version(p, "version")).toList();
    counts.put("times that a prompt went live", live.size());
    for (Version version : live) {
      if (!candidates.contains(version)) {
        report(Kind.UNEXPLAINED, "%s is live, but was no candidate", version);
      }
      if (!noted.contains(version)) {
        report(Kind.UNEXPLAINED, "%s is live, but the diary does not know it", version);
      }
    }
  }

  private void rounds() {
    Map<Round, List<String>> diary = new HashMap<>();
    values("rounds")
        .filter(entry -> (int) entry.get("round") > 0)
        .filter(entry -> !text(entry, "message").startsWith(LIVE_AGAIN))
        .forEach(
            entry ->
                diary
                    .computeIfAbsent(
                        new Round(text(entry, "task"), (int) entry.get("round")),
                        any -> new ArrayList<>())
                    .add(text(entry, "type")));
    int ended = 0;
    for (Map.Entry<Round, List<String>> round : diary.entrySet()) {
      List<String> entries = round.getValue();
      long ends = entries.stream().filter(ENDS::contains).count();
      long requests = entries.stream().filter("REQUESTED"::equals).count();
      boolean begun = requests > 0 || entries.contains("STARTED");
      if (begun && ends == 0) {
        report(Kind.OPEN_ROUND, "%s: %s", round.getKey(), entries);
      }
      if (ends > 1 || requests > 1) {
        report(Kind.ROUND_TWICE, "%s: %s", round.getKey(), entries);
      }
      ended += ends > 0 ? 1 : 0;
    }
    counts.put("rounds ended", ended);
  }

  private void people(Sent sent) {
    Set<Sent.Label> labels =
        messages("labels").stream()
            .map(
                m ->
                    new Sent.Label(
                        key(m), text(m.value(), "imageId"), text(m.value(), "annotator")))
            .collect(toSet());
    for (Sent.Label label : sent.labels()) {
      if (!labels.contains(label)) {
        report(Kind.LABEL_LOST, "%s", label);
      }
    }
    // A command that was sent again may have been written twice, and then is answered twice.
    Map<Sent.Command, Long> written =
        messages("commands").stream()
            .collect(
                groupingBy(m -> new Sent.Command(key(m), text(m.value(), "reason")), counting()));
    for (Sent.Command command : sent.commands()) {
      long times = written.getOrDefault(command, 0L);
      long answers =
          values("rounds")
              .filter(entry -> text(entry, "task").equals(command.task()))
              .filter(entry -> text(entry, "message").endsWith("(" + command.reason() + ")"))
              .count();
      if (times == 0) {
        report(Kind.COMMAND_LOST, "%s", command);
      } else if (answers < times) {
        report(Kind.UNANSWERED, "%s: written %d times, %d answers", command, times, answers);
      } else if (answers > times) {
        report(Kind.ANSWERED_TWICE, "%s: written %d times, %d answers", command, times, answers);
      }
    }
    counts.put("labels of people", sent.labels().size());
    counts.put("commands", sent.commands().size());
  }

  /** The prompt that a prediction names; null: there is none. */
  private static Prompt prompt(Map<Version, Map<String, Prompt>> known, GenericRecord prediction) {
    return known
        .getOrDefault(version(prediction, "promptVersion"), Map.of())
        .get(text(prediction, "promptDigest"));
  }

  private List<Message> messages(String topic) {
    return read.get(topic);
  }

  private Stream<GenericRecord> values(String topic) {
    return messages(topic).stream().filter(m -> m.value() != null).map(Message::value);
  }

  private void report(Kind kind, String what, Object... arguments) {
    found.add(new Violation(kind, what.formatted(arguments)));
  }

  private static Version version(GenericRecord record, String field) {
    return new Version(text(record, "task"), (int) record.get(field));
  }

  private static int total(Map<?, Long> counts) {
    return counts.values().stream().mapToInt(Long::intValue).sum();
  }

  private static String text(GenericRecord record, String field) {
    return String.valueOf(record.get(field));
  }

  private static String key(Message message) {
    return new String(message.record().key(), UTF_8);
  }

  private static String header(Message message, String name) {
    return new String(message.record().headers().lastHeader(name).value(), UTF_8);
  }

  @Override
  public void close() {
    topics.values().forEach(Subscriber::close);
  }
}
