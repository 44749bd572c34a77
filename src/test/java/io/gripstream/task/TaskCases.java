package io.gripstream.task;

import io.gripstream.event.TaskDefinition;
import io.gripstream.task.TaskRules.Bounds;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/** Definitions with one value just inside or just outside of what it may be. */
public final class TaskCases {
  private TaskCases() {}

  /**
   * @param path the field that is at its bound or beyond
   */
  public record Case(String path, TaskDefinition definition) {
    @Override
    public String toString() {
      return path + " of " + definition;
    }
  }

  public static List<Case> inside() {
    List<Case> cases = new ArrayList<>();
    TaskRules.BOUNDS.forEach(
        (path, bounds) -> values(path, bounds, true).forEach(v -> cases.add(with(path, v))));
    cases.add(classes("a".repeat(200), "b"));
    cases.add(classes(LongStream.range(0, 1000).mapToObj(i -> "c" + i).toArray(String[]::new)));
    cases.add(classes("cafe", "caf\u00e9"));
    cases.add(classes("catfish", "cat fish"));
    cases.add(template("a".repeat(198) + "{}"));
    return cases;
  }

  public static List<Case> outside() {
    List<Case> cases = new ArrayList<>();
    TaskRules.BOUNDS.forEach(
        (path, bounds) -> values(path, bounds, false).forEach(v -> cases.add(with(path, v))));
    cases.add(classes());
    cases.add(classes("one"));
    cases.add(classes(LongStream.range(0, 1001).mapToObj(i -> "c" + i).toArray(String[]::new)));
    cases.add(classes("a", " "));
    cases.add(classes("a", " b"));
    cases.add(classes("a", "b\n"));
    cases.add(classes("a", "b\u0007c"));
    cases.add(classes("a".repeat(201), "b"));
    alike().forEach(pair -> cases.add(classes(pair.toArray(String[]::new))));
    cases.add(template("no place"));
    cases.add(template("{} and {}"));
    cases.add(template("a\tphoto of {}"));
    cases.add(template("a".repeat(199) + "{}"));
    return cases;
  }

  /** Pairs of class names that are one text to CLIP's tokenizers. */
  static List<List<String>> alike() {
    return List.of(
        List.of("cat", "cat"),
        List.of("Polish", "polish"),
        List.of("caf\u00e9", "cafe\u0301"),
        List.of("\u00c9tude", "e\u0301tude"),
        List.of("cat  fish", "cat fish"),
        List.of("cat\u00a0fish", "cat fish"),
        List.of("route 66", "route 6 6"),
        List.of("t-shirt", "t - shirt"));
  }

  /** All numbers of the schema, by path, with their types. */
  static Stream<String> numbers(String prefix, Schema schema) {
    return schema.getFields().stream()
        .flatMap(
            field ->
                switch (field.schema().getType()) {
                  case RECORD -> numbers(prefix + field.name() + ".", field.schema());
                  case INT, LONG, FLOAT, DOUBLE -> Stream.of(prefix + field.name());
                  default -> Stream.empty();
                });
  }

  private static Stream<Object> values(String path, Bounds bounds, boolean inside) {
    Schema.Type type = type(path);
    if (type == Schema.Type.FLOAT) {
      float low = (float) bounds.low();
      float high = (float) bounds.high();
      return inside
          ? Stream.of(low, bounds.open() ? Math.nextDown(high) : high)
          : Stream.of(
              Math.nextDown(low),
              bounds.open() ? high : Math.nextUp(high),
              Float.NaN,
              Float.NEGATIVE_INFINITY,
              Float.POSITIVE_INFINITY);
    }
    if (bounds.low() == Long.MIN_VALUE) {
      return inside ? Stream.of(Long.MIN_VALUE, Long.MAX_VALUE) : Stream.empty();
    }
    int beyond = inside ? 0 : 1;
    return Stream.of((long) bounds.low() - beyond, (long) bounds.high() + beyond)
        .map(value -> type == Schema.Type.INT ? (Object) Math.toIntExact(value) : value);
  }

  private static Schema.Type type(String path) {
    Schema schema = TaskDefinition.getClassSchema();
    for (String step : path.split("\\.")) {
      schema = schema.getField(step).schema();
    }
    return schema.getType();
  }

  private static TaskDefinition.Builder some() {
    return TaskDefinition.newBuilder().setClasses(List.of("cat", "dog"));
  }

  private static Case classes(String... names) {
    return new Case("classes", some().setClasses(List.of(names)).build());
  }

  private static Case template(String template) {
    return new Case("template", some().setTemplate(template).build());
  }

  private static Case with(String path, Object value) {
    TaskDefinition definition = some().build();
    SpecificRecord record = definition;
    String[] steps = path.split("\\.");
    for (int i = 0; i < steps.length - 1; i++) {
      record = (SpecificRecord) record.get(record.getSchema().getField(steps[i]).pos());
    }
    record.put(record.getSchema().getField(steps[steps.length - 1]).pos(), value);
    return new Case(path, definition);
  }
}
