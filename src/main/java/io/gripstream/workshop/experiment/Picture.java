package io.gripstream.workshop.experiment;

/**
 * An image of a data set.
 *
 * @param id its relative path
 * @param label its class, as an index
 * @param sha256 of its bytes, in lower-case hexadecimal
 */
record Picture(String id, int label, String sha256) {}
