/**
 * The curator: keeps each task's pool, decides when a round is due, and is the only writer of what
 * is live.
 *
 * <p>The rules are plain Java and know no Kafka: {@link io.gripstream.curator.Definitions}, {@link
 * io.gripstream.curator.Candidates}, {@link io.gripstream.curator.Commands} and {@link
 * io.gripstream.curator.Rounds}, {@link io.gripstream.curator.WayBack} and {@link
 * io.gripstream.curator.StreamChange} each take a {@link io.gripstream.curator.TaskContext} and
 * leave decisions in it. {@link io.gripstream.curator.CurateProcessor} reads the stores, asks the
 * rules and carries the decisions out; {@link io.gripstream.curator.CuratorTopology} says what
 * flows where, {@link io.gripstream.curator.Curator} runs it. No tensor arithmetic lives here: what
 * a candidate is worth is for {@link io.gripstream.refine.judge.Gate} to say.
 */
package io.gripstream.curator;
