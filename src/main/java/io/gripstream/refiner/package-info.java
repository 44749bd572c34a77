/**
 * The refiner: batches in, candidate prompts out, with the evidence that the curator's gate decides
 * on. One round at a time runs for as long as it takes, on a thread of its own; zero-shot prompts
 * are made beside it. Nothing here decides which prompt is live, and nothing here knows how a
 * prompt is trained.
 */
package io.gripstream.refiner;
