package io.gripstream.curator;

import io.gripstream.event.Command;
import java.util.Iterator;
import java.util.LinkedHashMap;

/**
 * Tells a command from one that was sent again because its sender did not hear that it had been
 * written. Each task's last {@value #KEPT} keys are known.
 */
final class CommandKeys {
  static final int KEPT = 100;

  /** In UTF-16 units. */
  static final int LONGEST = 200;

  private final TaskStore tasks;

  CommandKeys(TaskStore tasks) {
    this.tasks = tasks;
  }

  /**
   * Takes note of a command.
   *
   * @return whether it is to be executed: it has no key, or one that is not known
   * @throws RejectedRecordException when its key is none, or was another command's
   */
  boolean first(String task, Command command) {
    String key = command.getKey();
    if (key == null) {
      return true;
    }
    if (key.isBlank() || key.length() > LONGEST) {
      throw new RejectedRecordException("a command's key has 1 to " + LONGEST + " characters");
    }
    String wish = command.getType() + " " + command.getVersion() + " " + command.getExpectedLive();
    LinkedHashMap<String, String> known = tasks.commands(task);
    String before = known.putIfAbsent(key, wish);
    if (before != null && !before.equals(wish)) {
      throw new RejectedRecordException("the key %s was another command's".formatted(key));
    }
    if (before != null) {
      return false;
    }
    if (known.size() > KEPT) {
      Iterator<String> oldest = known.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    tasks.commands(task, known);
    return true;
  }
}
