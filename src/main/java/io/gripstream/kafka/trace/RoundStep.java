package io.gripstream.kafka.trace;

import io.opentelemetry.api.trace.SpanKind;

/** The spans of a round, each the child of the one before, whichever process it is of. */
public enum RoundStep {
  /** The curator closes a batch. */
  CLOSE("round close", SpanKind.PRODUCER),
  /** A refiner trains a candidate. */
  TRAIN("round train", SpanKind.CONSUMER),
  /** The curator gives its verdict. */
  JUDGE("round judge", SpanKind.CONSUMER),
  /** A labeler takes the prompt into service; each labeler has a span of its own. */
  SWAP("round swap", SpanKind.CONSUMER);

  private final String span;
  private final SpanKind kind;

  RoundStep(String span, SpanKind kind) {
    this.span = span;
    this.kind = kind;
  }

  String span() {
    return span;
  }

  SpanKind kind() {
    return kind;
  }
}
