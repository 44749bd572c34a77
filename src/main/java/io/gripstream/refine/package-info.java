/**
 * How prompts get better: which images are held out, which pseudolabels a round trains on, what a
 * candidate must show, and the figures for all of it. Values and functions only: nothing here knows
 * of Kafka, of Quarkus or of time, and nothing is random but by a given seed.
 */
package io.gripstream.refine;
