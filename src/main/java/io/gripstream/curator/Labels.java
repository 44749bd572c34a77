package io.gripstream.curator;

import io.gripstream.curator.SamplePool.Limits;
import io.gripstream.event.LabelEvent;
import io.gripstream.event.TaskDefinition;
import java.util.Optional;

/**
 * What people said of a task's images, whether their samples are in the pool or not: a label may
 * come before its image, or after it has left. The latest one of an image holds, and counts while
 * it is of a class that the task has.
 */
final class Labels {
  private final SamplePool pool;
  private final Encoding<LabelEvent> encoding;

  Labels(SamplePool pool, Encoding<LabelEvent> encoding) {
    this.pool = pool;
    this.encoding = encoding;
  }

  /** The label of an image, if it has one that is of the task's classes. */
  Optional<String> find(String task, TaskDefinition definition, String imageId) {
    return pool.find(task, imageId)
        .map(encoding::decode)
        .map(LabelEvent::getLabel)
        .filter(definition.getClasses()::contains);
  }

  /** How many images have a label that is of the task's classes. */
  int count(String task, TaskDefinition definition) {
    return (int)
        pool.places(task).stream()
            .map(place -> encoding.decode(pool.at(task, place.arrival())).getLabel())
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
    return pool.put(task, imageId, value, limits, id -> false);
  }

  /** Takes a label back. */
  void remove(String task, String imageId) {
    pool.remove(task, imageId);
  }

  /**
   * @return how many labels had to leave
   */
  int shrink(String task, Limits limits) {
    return pool.shrink(task, limits, id -> false);
  }

  void clear(String task) {
    pool.clear(task);
  }
}
