package io.gripstream.refine.judge;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Records of numbers as {@code PromptVersion.evidence} holds them, and back: each number under its
 * component's name, those of a record within a record under both names, as {@code gainShare}. What
 * is not a number is left out.
 */
final class NamedFigures {
  private NamedFigures() {}

  static Map<String, Double> of(Record figures, String prefix) {
    Map<String, Double> named = new LinkedHashMap<>();
    for (RecordComponent component : figures.getClass().getRecordComponents()) {
      String name = name(prefix, component);
      Object value = value(component, figures);
      if (value instanceof Record inner) {
        named.putAll(of(inner, name));
      } else if (!Double.isNaN((double) value)) {
        named.put(name, (double) value);
      }
    }
    return named;
  }

  /** Numbers that are not there, or not finite, are {@code NaN}. */
  static <R extends Record> R read(Class<R> type, Map<String, Double> named, String prefix) {
    Object[] values =
        Arrays.stream(type.getRecordComponents())
            .map(component -> read(component, named, prefix))
            .toArray();
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<R> constructor = type.getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Object read(RecordComponent component, Map<String, Double> named, String prefix) {
    String name = name(prefix, component);
    if (component.getType().isRecord()) {
      return read(component.getType().asSubclass(Record.class), named, name);
    }
    Double value = named.get(name);
    return value == null || value.isInfinite() ? Double.NaN : value;
  }

  private static Object value(RecordComponent component, Record figures) {
    try {
      return component.getAccessor().invoke(figures);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String name(String prefix, RecordComponent component) {
    String name = component.getName();
    return prefix.isEmpty()
        ? name
        : prefix + Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
