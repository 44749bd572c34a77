package io.gripstream.sample;

/**
 * An image and what is in it.
 *
 * @param id unique among the images of all streams and seeds; does not tell the label
 * @param png the encoded image; not copied
 * @param label one of the stream's classes
 */
public record LabelledImage(String id, byte[] png, String label) {}
