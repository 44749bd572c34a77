package io.gripstream.gateway.rest;

import io.gripstream.event.TaskDefinition;
import io.gripstream.gateway.Gateway;
import io.gripstream.gateway.board.TaskBoard;
import jakarta.enterprise.context.ApplicationScoped;

/** Finds tasks for resources, or says that there is none. */
@ApplicationScoped
final class Tasks {
  private final Gateway gateway;

  Tasks(Gateway gateway) {
    this.gateway = gateway;
  }

  /** The board of a task that is defined, or a 404. */
  TaskBoard board(String task) {
    return gateway.board().find(task).orElseThrow(() -> missing(task));
  }

  /** The definition of a task, or a 404. */
  TaskDefinition definition(String task) {
    return board(task).definition().orElseThrow(() -> missing(task));
  }

  private ProblemException missing(String task) {
    return gateway
        .board()
        .fault(task)
        .map(fault -> ProblemException.unfollowed(task, fault))
        .orElseGet(() -> ProblemException.noTask(task));
  }
}
