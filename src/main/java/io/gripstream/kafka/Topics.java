package io.gripstream.kafka;

import java.util.List;

/** The names of the topics. See {@code schemas/} for what is in them. */
public record Topics(String prefix) {
  public String images() {
    return prefix + "images";
  }

  public String labels() {
    return prefix + "labels";
  }

  public String tasks() {
    return prefix + "tasks";
  }

  public String predictions() {
    return prefix + "predictions";
  }

  public String samples() {
    return prefix + "samples";
  }

  public String batches() {
    return prefix + "batches";
  }

  public String candidates() {
    return prefix + "candidates";
  }

  /** Zero-shot prompts as refiners make them; the curator gives them versions. */
  public String zeroShots() {
    return prefix + "zero-shots";
  }

  public String prompts() {
    return prefix + "prompts";
  }

  public String rounds() {
    return prefix + "rounds";
  }

  public String commands() {
    return prefix + "commands";
  }

  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /** Not for users: how far groups have come, see {@code GroupPositions}. */
  public String positions() {
    return prefix + "positions";
  }

  /** Of the embedded registry alone; none of {@link #all}. */
  public String schemas() {
    return prefix + "schemas";
  }

  public List<String> all() {
    return List.of(
        images(),
        labels(),
        tasks(),
        predictions(),
        samples(),
        batches(),
        candidates(),
        zeroShots(),
        prompts(),
        rounds(),
        commands(),
        deadLetters(),
        positions());
  }
}
