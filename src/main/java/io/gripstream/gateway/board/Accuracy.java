package io.gripstream.gateway.board;

/**
 * Both prompts on the same images.
 *
 * @param scored how many images
 * @param zeroShot the share that the zero-shot prompt got right; null without images
 * @param live the share that the prompt which was live got right; null without images
 */
public record Accuracy(long scored, Double zeroShot, Double live) {}
