/**
 * How prompts get better: a round, from a batch to a candidate with its evidence. Values and
 * functions only: nothing here knows of Kafka, of Quarkus or of time, and nothing is random but by
 * a given seed.
 */
package io.gripstream.refine;
