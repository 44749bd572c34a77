package io.gripstream.curator;

import io.gripstream.event.TaskDefinition;
import io.gripstream.task.TaskRules;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Writes the definition that holds to its topic again, behind a record there that nobody follows:
 * compaction would leave that record alone, and who starts later would not know the task.
 *
 * <p>Others may write between that record and this one, and what they write holds, although it lies
 * in front. So each record that is written here bears a number of its task. It is not taken for a
 * definition when it comes back; if another one holds by then, or none, that is written again
 * behind it. This ends when nobody writes meanwhile. Where the numbers are not known, since the
 * state was lost, such a record is a definition as any other.
 */
final class StandingDefinitions {
  /** The header that has the number, as text. */
  static final String HEADER = "standing";

  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

  private final TaskStore tasks;
  private final ProcessorContext<String, SpecificRecord> context;

  StandingDefinitions(TaskStore tasks, ProcessorContext<String, SpecificRecord> context) {
    this.tasks = tasks;
    this.context = context;
  }

  /** Follows a record that is refused, whatever its value. */
  void refused(String task) {
    TaskDefinition standing = tasks.definition(task);
    // A task that has ended stays so without a tombstone behind what nobody follows.
    if (standing != null) {
      write(task, standing);
    }
  }

  /**
   * Whether a record was written here; then it is dealt with.
   *
   * @param value null for a tombstone
   */
  boolean wrote(String task, SpecificRecord value, Headers headers) {
    Header header = headers.lastHeader(HEADER);
    if (header == null || header.value() == null || header.value().length > 9) {
      return false;
    }
    String number = new String(header.value(), StandardCharsets.UTF_8);
    if (!NUMBER.matcher(number).matches() || Integer.parseInt(number) > tasks.rewritten(task)) {
      return false;
    }
    TaskDefinition standing = tasks.definition(task);
    if (!Objects.equals(standing, value)) {
      write(task, standing);
    }
    return true;
  }

  private void write(String task, TaskDefinition standing) {
    if (TaskRules.fault(task, standing).isPresent()) {
      // An earlier build took it. Nobody would follow it now, and it would be written for ever.
      return;
    }
    int number = tasks.rewritten(task) + 1;
    tasks.rewritten(task, number);
    context.forward(
        new Record<String, SpecificRecord>(
            task,
            standing,
            context.currentSystemTimeMs(),
            new RecordHeaders()
                .add(HEADER, Integer.toString(number).getBytes(StandardCharsets.UTF_8))),
        CuratorTopology.DEFINITIONS);
  }
}
