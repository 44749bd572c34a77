package io.gripstream.workshop.experiment;

import io.gripstream.clip.TorchClip;

/**
 * The model of an experiment.
 *
 * @param clip the caller's to close
 * @param tokens how many vectors an image is in the image tower
 * @param arithmetic where and with how many bits the image tower computes, such as {@code
 *     cpu-fp32}: features of one kind are not taken for those of another
 */
public record Model(TorchClip clip, int tokens, String arithmetic) {}
