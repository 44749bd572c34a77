package io.gripstream.model;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One fetch into a folder at a time, over all processes and threads of this machine. The lock goes
 * with the process that holds it, however it ends; its empty file stays.
 */
final class FolderLock implements AutoCloseable {
  private static final long POLL_MILLIS = 200;

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Waits until it is free. */
  static FolderLock take(Path folder, FetchProgress progress) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      boolean told = false;
      while (!taken(channel)) {
        if (!told) {
          progress.note("another process fetches into " + folder + "; waiting for it");
          told = true;
        }
        // Not the blocking call: it does not wait for threads of its own process.
        Thread.sleep(POLL_MILLIS);
      }
      return new FolderLock(channel);
    } catch (InterruptedException e) {
      channel.close();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + folder);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean taken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
