package io.gripstream.gateway.board;

/**
 * How many images were scored, and how often the zero-shot and the live prompt were right. Not
 * thread-safe.
 */
final class Tally {
  private long scored;
  private long zeroShotRight;
  private long liveRight;

  void add(boolean zeroShot, boolean live, int sign) {
    scored += sign;
    zeroShotRight += zeroShot ? sign : 0;
    liveRight += live ? sign : 0;
  }

  Accuracy accuracy() {
    return new Accuracy(scored, share(zeroShotRight), share(liveRight));
  }

  private Double share(long right) {
    return scored == 0 ? null : right / (double) scored;
  }
}
