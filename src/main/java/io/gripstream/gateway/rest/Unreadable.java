package io.gripstream.gateway.rest;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Says what is wrong with JSON that cannot be read. Jackson's own messages are for programmers, and
 * name our classes.
 */
final class Unreadable {
  private Unreadable() {}

  static String sentence(JsonProcessingException e) {
    if (e instanceof StreamReadException) {
      JsonLocation at = e.getLocation();
      return "the body is not JSON%s"
          .formatted(
              at == null
                  ? ""
                  : ", from line %d, column %d".formatted(at.getLineNr(), at.getColumnNr()));
    }
    String where = e instanceof JsonMappingException mapping ? path(mapping) : "";
    String subject = where.isEmpty() ? "the body" : where;
    if (e instanceof UnrecognizedPropertyException) {
      return subject + " is unknown here";
    }
    return e instanceof MismatchedInputException mismatched
        ? subject + " must be " + kind(mismatched.getTargetType())
        : subject + " cannot be read";
  }

  private static String kind(Class<?> type) {
    if (type == null) {
      return "something else";
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(Object::toString)
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    if (type == String.class) {
      return "a text";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (type == Float.class
        || type == Double.class
        || type == float.class
        || type == double.class) {
      return "a number";
    }
    if (Number.class.isAssignableFrom(type) || type.isPrimitive()) {
      return "a whole number";
    }
    if (Collection.class.isAssignableFrom(type) || type.isArray()) {
      return "a list";
    }
    return type.isRecord() || Map.class.isAssignableFrom(type) ? "an object" : "something else";
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() != null) {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      } else {
        path.append('[').append(step.getIndex()).append(']');
      }
    }
    return path.toString();
  }
}
