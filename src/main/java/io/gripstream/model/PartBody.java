package io.gripstream.model;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;

/**
 * A response's body on its way into a file, of at most so many bytes. What comes too slowly is
 * given up: the client's own timeout ends with the response's head.
 */
final class PartBody implements Flow.Subscriber<List<ByteBuffer>> {
  private static final Duration REPORTS = Duration.ofMillis(250);

  /** Bytes that have to come in the time of a stall. */
  private static final long FEWEST = 1 << 14;

  private final FileChannel channel;
  private final long limit;
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private volatile long position;
  private volatile Flow.Subscription subscription;

  /**
   * @param channel the caller's to close
   * @param from where in the file the body begins
   * @param limit how long the file may become
   */
  PartBody(FileChannel channel, long from, long limit) {
    this.channel = channel;
    this.position = from;
    this.limit = limit;
  }

  /** How long the file is by now. */
  long position() {
    return position;
  }

  /**
   * Waits for the end of the body.
   *
   * @param stall how long too few bytes may come
   * @param progress is told {@link #position}
   * @throws RefusedException when there is more than the limit
   * @throws IOException when the body ends early or too little comes of it
   */
  void await(Duration stall, LongConsumer progress) throws IOException {
    long seen = position;
    long since = System.nanoTime();
    while (true) {
      try {
        end.get(REPORTS.toMillis(), TimeUnit.MILLISECONDS);
        progress.accept(position);
        return;
      } catch (TimeoutException e) {
        progress.accept(position);
        if (position - seen >= FEWEST) {
          seen = position;
          since = System.nanoTime();
        } else if (System.nanoTime() - since > stall.toNanos()) {
          cancel();
          throw new IOException("almost nothing came in " + stall.toSeconds() + " s", e);
        }
      } catch (InterruptedException e) {
        cancel();
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RefusedException refused) {
          throw refused;
        }
        throw new IOException("it was not received to its end", e.getCause());
      }
    }
  }

  private void cancel() {
    subscription.cancel();
  }

  @Override
  public void onSubscribe(Flow.Subscription granted) {
    subscription = granted;
    granted.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    try {
      for (ByteBuffer buffer : buffers) {
        if (buffer.remaining() > limit - position) {
          throw new RefusedException("it is longer than the " + limit + " bytes it may have");
        }
        while (buffer.hasRemaining()) {
          position += channel.write(buffer, position);
        }
      }
      subscription.request(1);
    } catch (IOException e) {
      subscription.cancel();
      end.completeExceptionally(e);
    }
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    end.complete(null);
  }

  /** Takes nothing of a body that is of no use. */
  static final class Unread implements Flow.Subscriber<List<ByteBuffer>> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.cancel();
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
  }
}
