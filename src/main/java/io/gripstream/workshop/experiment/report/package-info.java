/**
 * How an experiment's results are written down: tables for programs, a page for people. Formats
 * only; nothing here changes a figure.
 */
package io.gripstream.workshop.experiment.report;
