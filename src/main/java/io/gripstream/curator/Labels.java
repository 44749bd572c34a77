package io.gripstream.curator;

import io.gripstream.curator.Memory.Limits;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.TaskDefinition;
import java.util.Optional;

/**
 * What people said of a task's images, whether their samples are in the pool or not: a label may
 * come before its image, or after it has left. The latest one of an image holds, and counts while
 * it is of a class that the task has.
 */
final class Labels {
  private final Memory memory;
  private final Encoding<LabelEvent> encoding;

  Labels(Memory memory, Encoding<LabelEvent> encoding) {
    this.memory = memory;
    this.encoding = encoding;
  }

  /** The label of an image, if it has one that is of the task's classes. */
  Optional<String> find(String task, TaskDefinition definition, String imageId) {
    return memory
        .find(task, imageId)
        .map(encoding::decode)
        .map(LabelEvent::getLabel)
        .filter(definition.getClasses()::contains);
  }

  /** How many images have a label that is of the task's classes. */
  int count(String task, TaskDefinition definition) {
    return (int)
        memory.places(task).stream()
            .map(place -> encoding.decode(memory.at(task, place.arrival())).getLabel())
            .filter(definition.getClasses()::contains)
            .count();
  }

  byte[] encode(LabelEvent label) {
    return encoding.encode(label);
  }

  /**
   * @param value as {@link #encode} gives it
   * @return how many older labels had to leave
   */
  int put(String task, String imageId, byte[] value, Limits limits) {
    return memory.put(task, imageId, value, limits, id -> false);
  }

  /** Takes a label back. */
  void remove(String task, String imageId) {
    memory.remove(task, imageId);
  }

  /**
   * @return how many labels had to leave
   */
  int shrink(String task, Limits limits) {
    return memory.shrink(task, limits, id -> false);
  }

  void clear(String task) {
    memory.clear(task);
  }
}
