/**
 * A stream that changes, played image by image to contenders that each serve a prompt, and what
 * their labels were worth at the moment they were given.
 */
package io.gripstream.workshop.experiment.drift;
