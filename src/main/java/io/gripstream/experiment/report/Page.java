package io.gripstream.experiment.report;

/** The report for people. */
final class Page {
  private final Summary summary;

  Page(Summary summary) {
    this.summary = summary;
  }

  String html() {
    return "<!doctype html><title>" + summary.dataset() + "</title>";
  }
}
