package io.gripstream.task;

import io.gripstream.event.TaskDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/**
 * Says what is wrong with a task's definition. The bounds are where the parts that read a field
 * stop working, or where a number has no meaning any more; a NaN lies within none.
 */
public final class TaskRules {
  /** What a task may be called: it is part of keys, addresses and metric tags. */
  public static final String NAME = "[a-z0-9][a-z0-9-]{0,62}";

  private static final int FEWEST_CLASSES = 2;
  private static final int MOST_CLASSES = 1000;

  /** In UTF-16 units, of a class name and of a template: far more than the text towers take. */
  private static final int LONGEST_TEXT = 200;

  private static final double SHARE_THAT_LEAVES_SOME = 0.9;
  private static final long MILLION = 1_000_000;

  /** By path, as the REST interface names the fields. */
  static final Map<String, Bounds> BOUNDS = bounds();

  private TaskRules() {}

  /**
   * The values that a number may have.
   *
   * @param high the highest value, itself included unless {@code open}
   */
  record Bounds(double low, double high, boolean open) {
    boolean contain(double value) {
      return value >= low && (open ? value < high : value <= high);
    }

    @Override
    public String toString() {
      return (open ? "from %s to below %s" : "from %s to %s").formatted(plain(low), plain(high));
    }

    private static String plain(double value) {
      return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
  }

  private static Map<String, Bounds> bounds() {
    Map<String, Bounds> bounds = new TreeMap<>();
    bounds.put("topK", upTo(1, 100));
    bounds.put("abstainBelow", upTo(0, 1));
    bounds.put("trigger.samples", upTo(1, MILLION));
    bounds.put("trigger.calibration", upTo(0, MILLION));
    bounds.put("pool.samples", upTo(1, MILLION));
    // A sample of 1000 classes and a feature of 1024 numbers has some 7 KB.
    bounds.put("pool.bytes", upTo(1 << 16, 1L << 34));
    bounds.put("training.rounds", upTo(1, 1000));
    bounds.put("training.perClass", upTo(1, 10_000));
    bounds.put("training.candidateMass", upTo(0, 1));
    bounds.put("training.candidateQuantile", upTo(0, 1));
    bounds.put("training.contextLength", upTo(0, 64));
    bounds.put("training.prefixLength", upTo(0, 256));
    bounds.put("training.epochs", upTo(1, 10_000));
    bounds.put("training.steps", upTo(0, 10 * MILLION));
    bounds.put("training.batchSize", upTo(0, 4096));
    bounds.put("training.learningRate", upTo(0, 10));
    bounds.put("training.weightDecay", upTo(0, 1));
    bounds.put("training.momentum", below(1));
    bounds.put("training.clipNorm", upTo(0, MILLION));
    bounds.put("training.reach", upTo(0, MILLION));
    bounds.put("training.tail", upTo(0, 1));
    bounds.put("training.validationShare", upTo(0, SHARE_THAT_LEAVES_SOME));
    bounds.put("training.warmUpEpochs", upTo(0, 10_000));
    bounds.put("training.averaging", below(1));
    bounds.put("training.shrinkage", upTo(0, MILLION));
    bounds.put("training.seed", upTo(Long.MIN_VALUE, Long.MAX_VALUE));
    bounds.put("gate.heldOutShare", upTo(0, SHARE_THAT_LEAVES_SOME));
    bounds.put("gate.tolerance", upTo(0, 1));
    bounds.put("gate.minimumEvidence", upTo(0, MILLION));
    return bounds;
  }

  private static Bounds upTo(double low, double high) {
    return new Bounds(low, high, false);
  }

  private static Bounds below(double high) {
    return new Bounds(0, high, true);
  }

  /**
   * What is wrong, a sentence for each fault that begins with the field's path; empty: nothing.
   * Whether a model's tokenizer tells the classes apart is for {@link TaskTexts#fault} to say.
   *
   * @param task the task's name, which is the record's key
   */
  public static List<String> faults(String task, TaskDefinition definition) {
    List<String> faults = new ArrayList<>();
    if (!task.matches(NAME)) {
      faults.add("a task's name must match " + NAME);
    }
    numbers("", definition, faults);
    boolean template = template(definition.getTemplate(), faults);
    boolean classes = classes(definition.getClasses(), faults);
    if (template && classes) {
      TaskTexts.alike(definition).ifPresent(faults::add);
    }
    return faults;
  }

  /**
   * @throws IllegalArgumentException that names every fault
   */
  public static void require(String task, TaskDefinition definition) {
    fault(task, definition)
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(fault);
            });
  }

  /**
   * All faults in one line; empty: it keeps the rules.
   *
   * @param definition null, which ends a task, breaks none
   */
  public static Optional<String> fault(String task, TaskDefinition definition) {
    List<String> faults = definition == null ? List.of() : faults(task, definition);
    return faults.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", faults));
  }

  /**
   * Whether a name cannot have it: a control character, which no line can show, or half of a pair
   * of surrogates, for which a record would hold a question mark.
   */
  public static boolean unwritable(int codePoint) {
    return Character.isISOControl(codePoint) || Character.getType(codePoint) == Character.SURROGATE;
  }

  private static void numbers(String prefix, SpecificRecord record, List<String> faults) {
    for (Schema.Field field : record.getSchema().getFields()) {
      String path = prefix + field.name();
      Object value = record.get(field.pos());
      if (value instanceof SpecificRecord part) {
        numbers(path + ".", part, faults);
      } else if (value instanceof Number number) {
        Bounds bounds = BOUNDS.get(path);
        // A float's 0.9 is a little above the double's.
        double exact =
            number instanceof Float ? Double.parseDouble(number.toString()) : number.doubleValue();
        if (!bounds.contain(exact)) {
          faults.add("%s must be %s, not %s".formatted(path, bounds, number));
        }
      }
    }
  }

  private static boolean template(String template, List<String> faults) {
    int before = faults.size();
    if (template.length() > LONGEST_TEXT) {
      faults.add("template must have at most " + LONGEST_TEXT + " characters");
    }
    if (template.split("\\{\\}", -1).length != 2) {
      faults.add("template must contain {} exactly once");
    }
    if (template.codePoints().anyMatch(TaskRules::unwritable)) {
      faults.add("template must not contain control or broken characters");
    }
    return faults.size() == before;
  }

  private static boolean classes(List<String> classes, List<String> faults) {
    int before = faults.size();
    if (classes.size() < FEWEST_CLASSES || classes.size() > MOST_CLASSES) {
      faults.add(
          "classes must be at least two, and at most %d, not %d"
              .formatted(MOST_CLASSES, classes.size()));
      return false;
    }
    for (int i = 0; i < classes.size(); i++) {
      String name = classes.get(i);
      if (name.isBlank()) {
        faults.add("classes[" + i + "] must not be blank");
      } else if (name.length() > LONGEST_TEXT) {
        faults.add("classes[" + i + "] must have at most " + LONGEST_TEXT + " characters");
      } else if (!name.equals(name.strip())) {
        faults.add("classes[" + i + "] must not begin or end with a space");
      } else if (name.codePoints().anyMatch(TaskRules::unwritable)) {
        faults.add("classes[" + i + "] must not contain control or broken characters");
      }
    }
    return faults.size() == before;
  }
}
