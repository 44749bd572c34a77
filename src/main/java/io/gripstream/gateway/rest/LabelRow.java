package io.gripstream.gateway.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * An image as an export has it: a line of CSV or of JSON lines, or a task of Label Studio's.
 *
 * @param label a person's; null where nobody gave one
 * @param annotator who gave it; null where that is not known
 * @param predicted a prompt's; null where it said none, or is no longer remembered
 * @param confidence its calibrated probability
 * @param by the prompt version, as {@code task/version}, or the round that took it as a pseudolabel
 * @param image where the image can be read; null where that is not known
 */
@JsonPropertyOrder({
  "imageId",
  "label",
  "annotator",
  "predicted",
  "confidence",
  "by",
  "image",
  "sha256"
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LabelRow(
    String imageId,
    String label,
    String annotator,
    String predicted,
    Float confidence,
    String by,
    String image,
    String sha256) {}
