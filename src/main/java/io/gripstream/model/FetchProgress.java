package io.gripstream.model;

/** Is told how a fetch goes, a few times a second at most, in the thread that fetches. */
public interface FetchProgress {
  /**
   * @param bytes how much of the file is there, what an earlier process left included
   * @param total how much there will be; -1: the hub does not say
   */
  void received(String file, long bytes, long total);

  /** Something that is worth a line: an interruption, another process that is waited for. */
  void note(String line);
}
