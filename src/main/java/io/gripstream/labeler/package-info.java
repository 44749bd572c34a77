/**
 * The labeler: images in, predictions and samples out, in one transaction. It serves every
 * text-prompted task with one pass of the image tower, and each visual prompt with one more, under
 * the prompts that were live when the batch began. It never runs the text tower and never decides
 * which prompt is live.
 */
package io.gripstream.labeler;
