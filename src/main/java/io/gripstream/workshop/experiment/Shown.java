package io.gripstream.workshop.experiment;

/**
 * An image as a played stream shows it.
 *
 * @param imageId names the picture and what it went through: the same image under another
 *     corruption is another image
 * @param sha256 of the file
 * @param part of the stream, from 0
 * @param label the truth, as a class's index, which nobody who is judged may see
 * @param feature {@code D} halves
 */
public record Shown(String imageId, String sha256, int part, int label, byte[] feature) {}
