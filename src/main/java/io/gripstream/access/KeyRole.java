package io.gripstream.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a key may do. Each role may do what those before it may. */
public enum KeyRole {
  /** Reads everything. */
  VIEWER,
  /** Labels, sends images, and has single ones labelled. */
  LABELLER,
  /** Does everything else: tasks, commands, schemas. */
  OPERATOR;

  /** The role as files and rules write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The words of this role and of those that it includes. */
  public Set<String> words() {
    return Arrays.stream(values())
        .filter(role -> role.compareTo(this) <= 0)
        .map(KeyRole::word)
        .collect(Collectors.toUnmodifiableSet());
  }

  static Optional<KeyRole> of(String word) {
    return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
  }
}
