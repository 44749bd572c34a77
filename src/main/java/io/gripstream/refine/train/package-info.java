/**
 * What a round trains on, and how: images held out, supervision, examples and their weights, the
 * optimizer and its schedule.
 */
package io.gripstream.refine.train;
