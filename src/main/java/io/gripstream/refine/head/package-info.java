/**
 * What can be said of cached image features without training a prompt: scores, class balance,
 * calibration, the mixture, the neighbor graph, and the figures for all of it.
 */
package io.gripstream.refine.head;
