package io.gripstream.prompt;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.prompt.KnownVersions.Known;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Lets only those live prompts into service that can be verified: {@link PromptCheck} finds no
 * fault, they are for the task's classes as they are now, and they are among the candidates.
 *
 * <p>Tasks, candidates and prompts come from topics that are not ordered among each other, so a
 * prompt that is refused is looked at again with each change of its task or of its candidates. The
 * one that was in service before stays there meanwhile. May be used by many threads; the service is
 * called one at a time.
 */
public final class PromptReview {
  private final Function<PromptVersion, Optional<String>> ownCheck;
  private final Service service;
  private final KnownVersions made = new KnownVersions();
  private final Map<String, TaskDefinition> definitions = new HashMap<>();

  /** What the topic says, and is not in service. */
  private final Map<String, Offer> offers = new HashMap<>();

  private final Map<String, String> refused = new HashMap<>();

  /**
   * A record of {@code prompts}.
   *
   * @param fault what is wrong with its signature, where one is asked for
   */
  public record Offer(PromptVersion prompt, Optional<String> fault) {}

  /** Is told what becomes of prompts. */
  public interface Service {
    /**
     * Takes a prompt into service in place of the one before.
     *
     * @throws IllegalArgumentException when it cannot be served after all; the message says why
     */
    void serve(String task, PromptVersion prompt);

    /**
     * A prompt is not served; called once for each reason.
     *
     * @param reason names the version and what speaks against it
     */
    void refuse(String task, String reason);
  }

  /**
   * @param ownCheck what else speaks against a well-formed prompt in this process
   */
  public PromptReview(Function<PromptVersion, Optional<String>> ownCheck, Service service) {
    this.ownCheck = ownCheck;
    this.service = service;
  }

  /** A record of {@code tasks}; null ends the task. */
  public synchronized void define(String task, TaskDefinition definition) {
    if (definition == null) {
      definitions.remove(task);
    } else {
      definitions.put(task, definition);
      review(task);
    }
  }

  /** A record of {@code candidates}. */
  public synchronized void candidate(Known candidate) {
    made.add(candidate);
    review(candidate.task());
  }

  /** A record of {@code prompts}; null: nothing is live any more. */
  public synchronized void offer(String task, Offer offer) {
    refused.remove(task);
    if (offer == null) {
      offers.remove(task);
    } else {
      offers.put(task, offer);
      review(task);
    }
  }

  private void review(String task) {
    Offer offer = offers.get(task);
    TaskDefinition definition = definitions.get(task);
    if (offer == null || definition == null) {
      return;
    }
    Optional<String> fault = fault(task, offer, definition);
    if (fault.isEmpty()) {
      try {
        service.serve(task, offer.prompt());
        offers.remove(task);
        refused.remove(task);
        return;
      } catch (IllegalArgumentException e) {
        fault = Optional.of(e.getMessage());
      }
    }
    String reason = "version %d: %s".formatted(offer.prompt().getVersion(), fault.get());
    if (!reason.equals(refused.put(task, reason))) {
      service.refuse(task, reason);
    }
  }

  private Optional<String> fault(String task, Offer offer, TaskDefinition definition) {
    PromptVersion prompt = offer.prompt();
    return offer
        .fault()
        .or(() -> PromptCheck.fault(prompt))
        .or(() -> ownCheck.apply(prompt))
        .or(() -> PromptCheck.misfit(prompt, task, definition))
        .or(() -> made.stranger(prompt));
  }
}
