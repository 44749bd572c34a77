package io.gripstream.gateway.board;

/**
 * An image with what a person and what a prompt says of it.
 *
 * @param label a person's; null where nobody gave one
 * @param annotator who gave it; null where that is not known
 * @param prediction the latest; null where it is no longer remembered
 */
public record LabelledImage(
    String imageId, String label, String annotator, PredictionView prediction) {}
