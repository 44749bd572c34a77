package io.gripstream.labeler;

import io.gripstream.clip.pixels.InvalidImageException;
import io.gripstream.event.ImageEvent;
import io.gripstream.event.ScoredLabel;
import io.gripstream.image.ImageReader;
import io.gripstream.image.ImageReader.Image;
import io.gripstream.image.PlaceUnavailableException;
import io.gripstream.image.RejectedImageException;
import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.PromptBoard.Snapshot;
import io.gripstream.labeler.TowerPasses.Features;
import io.gripstream.labeler.TowerPasses.Input;
import io.gripstream.labeler.Verdicts.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Labels single images for whoever waits for the answer, beside the stream: with the same reading,
 * passes and prompts, and without Kafka. Images that wait together go through the tower together.
 * Nothing is written: such an image gets no prediction, is no sample, and trains nothing.
 *
 * <p>Thread-safe. What waits is bounded; more is refused at once.
 */
public final class LabelNow implements AutoCloseable {
  private final PromptBoard board;
  private final ImageReader reader;
  private final TowerPasses tower;
  private final String modelId;
  private final int batchSize;
  private final LabelerMetrics metrics;
  private final Semaphore places;
  private final BlockingQueue<Waiting> decoded = new LinkedBlockingQueue<>();
  private final Set<CompletableFuture<Outcome>> open = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param reader with workers of its own, so that no micro-batch's images are before one's own
   * @param capacity how many images may wait at once
   * @param batchSize how many go through the tower together at most
   */
  LabelNow(
      PromptBoard board,
      ImageReader reader,
      TowerPasses tower,
      String modelId,
      int capacity,
      int batchSize,
      LabelerMetrics metrics) {
    this.board = board;
    this.reader = reader;
    this.tower = tower;
    this.modelId = modelId;
    this.batchSize = batchSize;
    this.metrics = metrics;
    this.places = new Semaphore(capacity);
    this.thread = new Thread(this::run, "labeler-now");
    thread.setDaemon(true);
    thread.start();
  }

  /** What becomes of a request. */
  public sealed interface Outcome {}

  /**
   * The labels, as a prediction has them.
   *
   * @param labels the task's top k, best first
   * @param abstained whether the best label is less sure than the task asks
   * @param zeroShot what version 0 says
   * @param sha256 of the encoded image, in lower-case hexadecimal
   */
  public record Labelled(
      List<ScoredLabel> labels,
      boolean abstained,
      ScoredLabel zeroShot,
      int version,
      String digest,
      String modelId,
      String sha256)
      implements Outcome {}

  /** There is no image, or none that may be read; why, in words for the one who sent it. */
  public record Rejected(String reason) implements Outcome {}

  /** Not at present: the task has no prompt here, or the image's place does not answer. */
  public record Unready(String reason) implements Outcome {}

  /** As many images wait as may. */
  public record Full() implements Outcome {}

  private record Waiting(String task, Image image, CompletableFuture<Outcome> outcome) {}

  /**
   * Labels an image.
   *
   * @param event with exactly one of content and uri; its tasks count for nothing
   * @return fails only when the engine does
   */
  public CompletableFuture<Outcome> label(String task, ImageEvent event) {
    if (!places.tryAcquire()) {
      metrics.nowRefused.increment();
      return CompletableFuture.completedFuture(new Full());
    }
    long started = System.nanoTime();
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    open.add(outcome);
    outcome.whenComplete(
        (result, failure) -> {
          open.remove(outcome);
          places.release();
          metrics.now.record(System.nanoTime() - started, TimeUnit.NANOSECONDS);
        });
    if (closed) {
      outcome.complete(ending());
      return outcome;
    }
    reader
        .read(event)
        .whenComplete(
            (image, failure) -> {
              if (failure == null) {
                decoded.add(new Waiting(task, image, outcome));
              } else {
                refuse(outcome, failure);
              }
            });
    return outcome;
  }

  private static void refuse(CompletableFuture<Outcome> outcome, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof RejectedImageException rejected) {
      outcome.complete(new Rejected(reason(rejected)));
    } else if (cause instanceof PlaceUnavailableException) {
      outcome.complete(new Unready("the image's place does not answer at present"));
    } else {
      outcome.completeExceptionally(cause);
    }
  }

  /** A dead letter's reason may name what failed in the machine; a stranger hears less. */
  private static String reason(RejectedImageException e) {
    if (e.getCause() == null || e.getCause() instanceof InvalidImageException) {
      return e.getMessage();
    }
    return switch (e.why()) {
      case UNREADABLE, FORBIDDEN -> "the image cannot be read from there";
      case CHANGED -> "the image is another one";
      case UNDECODABLE -> "the image cannot be decoded";
    };
  }

  private void run() {
    try {
      while (!closed) {
        List<Waiting> batch = new ArrayList<>();
        batch.add(decoded.take());
        decoded.drainTo(batch, batchSize - 1);
        label(batch);
      }
    } catch (InterruptedException e) {
      // Closed: close() answers those who wait.
      Thread.currentThread().interrupt();
    }
  }

  private void label(List<Waiting> batch) {
    Snapshot prompts = board.snapshot();
    List<Waiting> due = new ArrayList<>();
    List<Served> tasks = new ArrayList<>();
    List<Input> inputs = new ArrayList<>();
    for (Waiting one : batch) {
      Served served = prompts.served().get(one.task());
      if (served == null) {
        one.outcome().complete(unready(one.task(), prompts));
      } else {
        due.add(one);
        tasks.add(served);
        inputs.add(new Input(one.image().pixels(), List.of(served)));
      }
    }
    if (due.isEmpty()) {
      return;
    }
    List<Features> features;
    try {
      features = tower.encode(inputs);
    } catch (RuntimeException e) {
      metrics.failed(e);
      if (due.size() == 1) {
        due.get(0).outcome().completeExceptionally(e);
      } else {
        // One image's failure is none of the others'.
        due.forEach(one -> label(List.of(one)));
      }
      return;
    }
    List<Verdicts.Input> asked = new ArrayList<>();
    for (int i = 0; i < due.size(); i++) {
      asked.add(new Verdicts.Input(features.get(i), List.of(tasks.get(i))));
    }
    List<List<Verdict>> verdicts = Verdicts.of(asked);
    for (int i = 0; i < due.size(); i++) {
      due.get(i)
          .outcome()
          .complete(labelled(tasks.get(i), verdicts.get(i).get(0), due.get(i).image()));
    }
  }

  private Labelled labelled(Served task, Verdict verdict, Image image) {
    Classification said = Classification.of(task, verdict);
    return new Labelled(
        said.labels(),
        said.abstains(),
        said.zeroShot(),
        task.prompt().version(),
        task.prompt().digest(),
        modelId,
        image.sha256());
  }

  private static Unready unready(String task, Snapshot prompts) {
    String refused = prompts.refused().get(task);
    return new Unready(
        refused == null
            ? "task '%s' has no prompt yet".formatted(task)
            : "the live prompt of task '%s' is not served: %s".formatted(task, refused));
  }

  private static Unready ending() {
    return new Unready("the labeler is about to end");
  }

  /** Which thread has died; empty: none. */
  String notAlive() {
    return closed || thread.isAlive() ? "" : thread.getName() + " has died";
  }

  /** Answers those who wait that it ends; nothing of it is in the model afterwards. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    open.forEach(outcome -> outcome.complete(ending()));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
