/**
 * Many experiments in one: data sets, models, class mixes and corruptions, each with the gate and
 * without, and what they say together of strategies and of the judge.
 */
package io.gripstream.workshop.experiment.suite;
