package io.gripstream.refine;

/**
 * A label that a prompt gave and that a round trains on.
 *
 * @param sample the row of the image
 * @param label the class
 * @param confidence the probability that the prompt gives the class
 */
public record Pseudolabel(int sample, int label, float confidence) {}
