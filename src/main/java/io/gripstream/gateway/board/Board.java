package io.gripstream.gateway.board;

import io.gripstream.event.LabelEvent;
import io.gripstream.event.Prediction;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.Position;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * All tasks, and what could not be processed. Fed by followers of the topics, each from one thread;
 * read from any thread. A task's board outlives its definition, as its versions do.
 */
public final class Board {
  private static final int TASKS = 2000;
  private static final int DEAD_LETTERS = 100;

  private final Map<String, TaskBoard> tasks = new ConcurrentHashMap<>();
  private final Deque<DeadLetter> deadLetters = new ArrayDeque<>();
  private final Clock clock;
  private final long startedAt;
  private long deadLetterCount;

  public Board(Clock clock) {
    this.clock = clock;
    this.startedAt = clock.millis();
  }

  /**
   * @param definition null when the task was ended
   */
  public void task(String task, TaskDefinition definition) {
    board(task).ifPresent(board -> board.define(definition));
  }

  /**
   * @param fault how a definition of the task breaks the rules; the one before it stays
   */
  public void unfollowed(String task, String fault) {
    board(task).ifPresent(board -> board.unfollowed(fault));
  }

  /** What is wrong with the definition of a task that has no other; empty: nothing is known. */
  public Optional<String> fault(String task) {
    return Optional.ofNullable(tasks.get(task)).flatMap(TaskBoard::fault);
  }

  /**
   * @param position of the prediction's own record
   * @param at the record's time, in milliseconds since the epoch
   */
  public void prediction(Prediction prediction, Position position, long at) {
    board(prediction.getTask())
        .ifPresent(board -> board.predicted(prediction, position, at, clock.millis()));
  }

  public void round(RoundEvent event) {
    board(event.getTask()).ifPresent(board -> board.round(event));
  }

  public void candidate(VersionFacts facts, Position position) {
    board(facts.task()).ifPresent(board -> board.candidate(facts, position));
  }

  /**
   * @param facts null when nothing is live any more
   */
  public void live(String task, VersionFacts facts) {
    board(task).ifPresent(board -> board.live(facts, clock.millis()));
  }

  /**
   * @param reason why the prompt that the topic names is not served
   */
  public void refused(String task, String reason) {
    board(task).ifPresent(board -> board.refused(reason, clock.millis()));
  }

  public void batch(RefinementBatch chunk, Position position) {
    if (chunk.getChunk() < 0
        || chunk.getChunk() >= chunk.getChunks()
        || chunk.getChunks() > 100_000) {
      throw new IllegalArgumentException(
          "chunk %d of %d in round %d of %s"
              .formatted(chunk.getChunk(), chunk.getChunks(), chunk.getRound(), chunk.getTask()));
    }
    board(chunk.getTask()).ifPresent(board -> board.batch(chunk, position));
  }

  public void label(String task, LabelEvent label) {
    TaskBoard board = tasks.get(task);
    if (board != null) {
      board.label(label.getImageId(), label.getLabel(), label.getAnnotator());
    }
  }

  public synchronized void deadLetter(DeadLetter letter) {
    deadLetterCount++;
    deadLetters.addLast(letter);
    if (deadLetters.size() > DEAD_LETTERS) {
      deadLetters.removeFirst();
    }
  }

  /** How many records could not be processed, as far as this process has seen. */
  public synchronized long deadLetterCount() {
    return deadLetterCount;
  }

  /** Newest first. */
  public synchronized List<DeadLetter> deadLetters() {
    List<DeadLetter> newest = new ArrayList<>(deadLetters);
    Collections.reverse(newest);
    return newest;
  }

  /** The tasks that are defined, by name. */
  public List<TaskBoard> defined() {
    return tasks.values().stream()
        .filter(board -> board.definition().isPresent())
        .sorted((a, b) -> a.task().compareTo(b.task()))
        .toList();
  }

  /** A task that is defined. */
  public Optional<TaskBoard> find(String task) {
    return Optional.ofNullable(tasks.get(task)).filter(board -> board.definition().isPresent());
  }

  /** What a viewer of a task has not seen yet; see {@link TaskBoard#update}. */
  public Optional<Update> update(String task, long sinceSeq, long sinceRevision, int limit) {
    return find(task)
        .map(
            board ->
                board.update(sinceSeq, sinceRevision, limit, clock.millis(), deadLetterCount()));
  }

  /** What a viewer of a task has not seen yet that was away; see {@link TaskBoard#resume}. */
  public Optional<Update> resume(String task, Positions read, int limit) {
    return find(task).map(board -> board.resume(read, limit, clock.millis(), deadLetterCount()));
  }

  /** When this process began to look, in milliseconds since the epoch. */
  public long startedAt() {
    return startedAt;
  }

  public long now() {
    return clock.millis();
  }

  /** One that is not defined makes room for another: it has ended, or somebody made it up. */
  private Optional<TaskBoard> board(String task) {
    TaskBoard known = tasks.get(task);
    if (known == null && tasks.size() >= TASKS) {
      tasks.values().stream()
          .filter(board -> board.definition().isEmpty())
          .findAny()
          .ifPresent(board -> tasks.remove(board.task(), board));
    }
    if (known != null || tasks.size() >= TASKS) {
      return Optional.ofNullable(known);
    }
    return Optional.of(tasks.computeIfAbsent(task, TaskBoard::new));
  }
}
