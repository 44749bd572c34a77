/**
 * The making of the embedded model: pretraining here, the rendered world that it learns from in
 * {@code world}. The running service uses what comes out, never this code.
 */
package io.gripstream.workshop.pico;
