/**
 * What the makers of Gripstream use: experiments, benchmarks, the embedded model's training, and
 * their commands. The service never imports it.
 */
package io.gripstream.workshop;
