package io.gripstream.gateway.board;

import java.util.Map;

/**
 * A task in figures, as far as this process has counted: what it heard since it started, and the
 * latest of what was there before.
 *
 * @param predictions all, those that abstained too
 * @param since when the earliest of them was made, in milliseconds since the epoch; null before the
 *     first
 * @param perSecond predictions a second, lately
 * @param classes how often each class was the label; a prediction that abstained has none
 * @param confidence the labels' mean confidence; null before the first label
 * @param changed the share of labels that refinement changed; null before the first label
 * @param refused why the latest prompt that the topic calls live is not served; null: it is
 * @param refusals how many of those were not
 * @param lastRefusal why the latest of these was not; null before the first
 * @param labels images that people have labelled
 * @param live the version that labels now; null before the first
 */
public record TaskStats(
    String task,
    long predictions,
    Long since,
    double perSecond,
    Map<String, Long> classes,
    Double confidence,
    Double changed,
    Integer live,
    String modelId,
    String refused,
    long refusals,
    String lastRefusal,
    Integer pinned,
    boolean paused,
    int versions,
    int labels,
    long scored) {}
