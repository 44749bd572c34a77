package io.gripstream.model;

import io.gripstream.clip.Digests;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One file of a hub on its way into the cache. It grows as {@code NAME.part}, which whoever comes
 * next goes on with if the server still has the same version of it, and takes its name when it is
 * whole and checked. The caller holds the folder's lock.
 */
final class Download {
  private static final int ATTEMPTS = 5;

  private final HttpClient http;
  private final Optional<String> token;
  private final ModelHub.Timeouts timeout;
  private final FetchProgress progress;
  private final ModelFile file;
  private final URI url;
  private final Path target;
  private final Path part;
  private final Optional<String> pin;
  private final Optional<String> commit;

  /**
   * @param token of an account at the hub
   * @param pin the SHA-256 that the file must have
   * @param commit the hub's commit that it must be of, where the hub says one
   */
  Download(
      HttpClient http,
      Optional<String> token,
      ModelHub.Timeouts timeout,
      FetchProgress progress,
      ModelFile file,
      URI url,
      Path folder,
      Optional<String> pin,
      Optional<String> commit) {
    this.http = http;
    this.token = token;
    this.commit = commit;
    this.timeout = timeout;
    this.progress = progress;
    this.file = file;
    this.url = url;
    this.target = folder.resolve(file.fileName());
    this.part = folder.resolve(file.fileName() + ".part");
    this.pin = pin;
  }

  /**
   * Fetches the file, several times over if the connection breaks off.
   *
   * @return what is now written beside it
   * @throws AbsentException when the hub does not have it
   * @throws IOException when it cannot be had; what came so far stays for the next try, unless it
   *     is no use
   */
  Provenance run() throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return finish(receive());
      } catch (RefusedException e) {
        discard();
        throw new RefusedException(file.fileName() + " from " + url + " is refused", e);
      } catch (InterruptedIOException | AbsentException e) {
        throw e;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw new IOException(
              "%s cannot be fetched from %s, tried %d times; what came so far is kept, and the next try goes on from there"
                  .formatted(file.fileName(), url, ATTEMPTS),
              e);
        }
        progress.note(
            "%s: %s%s; trying again"
                .formatted(
                    file.fileName(),
                    e.getMessage(),
                    e.getCause() == null ? "" : " (" + e.getCause() + ")"));
        pause(timeout.pause().multipliedBy(1L << (attempt - 1)));
      }
    }
  }

  /** Makes {@link #part} as long as the file. */
  private Provenance receive() throws IOException {
    Provenance begun = begun();
    long have = begun == null ? 0 : Files.size(part);
    if (begun != null && begun.size() == have) {
      return begun;
    }
    Exchange exchange =
        Exchange.get(http, url, have, begun == null ? "" : begun.etag(), token, timeout.head());
    boolean subscribed = false;
    try (FileChannel channel =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      requireFile(exchange);
      Exchange.Extent extent = exchange.extent();
      long total = total(exchange, extent);
      requireFits(total - extent.from());
      Provenance coming;
      if (extent.from() == 0) {
        coming = describe(exchange, total);
        channel.truncate(0);
        coming.write(part);
      } else {
        requireContinues(begun, have, exchange, extent);
        coming = begun;
      }
      PartBody body = new PartBody(channel, extent.from(), total < 0 ? file.maxBytes() : total);
      subscribed = true;
      exchange.read(body);
      body.await(timeout.stall(), at -> progress.received(file.fileName(), at, total));
      channel.force(true);
      if (total >= 0 && body.position() != total) {
        throw new IOException("it ended after %d of %d bytes".formatted(body.position(), total));
      }
      return coming;
    } finally {
      if (!subscribed) {
        exchange.leave();
      }
    }
  }

  /** What is known of a part that can be gone on with; null: there is none. */
  private Provenance begun() throws IOException {
    Optional<Provenance> known = Files.exists(part) ? Provenance.read(part) : Optional.empty();
    return known
        .filter(begun -> !begun.etag().isEmpty() && begun.url().equals(url.toString()))
        .orElse(null);
  }

  private void requireFile(Exchange exchange) throws IOException {
    int status = exchange.status();
    switch (status) {
      case 200, 206 -> {
        if (!exchange.plain()) {
          throw new RefusedException("the server packs it, which was not asked for");
        }
      }
      case 401, 403 ->
          throw new RefusedException(
              "the hub answered %d: %s"
                  .formatted(
                      status,
                      token.isEmpty()
                          ? "there is no such model, or one has to log in for it: set HF_TOKEN to a token of an account that may read it"
                          : "there is no such model, or the account of the token that was sent (HF_TOKEN, or the client's own) may not read it: ask for access on the model's page"));
      case 404 -> {
        discard();
        throw new AbsentException(
            "the hub answered 404: the model, the revision or the file is not there: " + url);
      }
      case 416 -> {
        discard();
        throw new IOException("the hub's file is no longer the one that was begun");
      }
      default -> {
        String answer = "the hub answered " + status;
        if (status == 408 || status == 429 || status >= 500) {
          throw new IOException(answer);
        }
        throw new RefusedException(answer);
      }
    }
  }

  /** The file's size; -1: nobody says. */
  private long total(Exchange exchange, Exchange.Extent extent) throws RefusedException {
    long linked = exchange.linked().size().orElse(-1);
    if (linked >= 0 && extent.total() >= 0 && linked != extent.total()) {
      throw new RefusedException(
          "the hub speaks of %d bytes, and %d are sent".formatted(linked, extent.total()));
    }
    long total = Math.max(linked, extent.total());
    if (total > file.maxBytes()) {
      throw new RefusedException(
          "it has %d bytes, and no more than %d are allowed".formatted(total, file.maxBytes()));
    }
    if (total >= 0 && extent.from() > total) {
      throw new RefusedException("the server sends what lies behind the file's end");
    }
    return total;
  }

  private void requireFits(long bytes) throws IOException {
    FileStore store = Files.getFileStore(part.toAbsolutePath().getParent());
    if (bytes > store.getUsableSpace()) {
      throw new RefusedException(
          "%d bytes are needed in %s, and %d are free"
              .formatted(bytes, part.getParent(), store.getUsableSpace()));
    }
  }

  private Provenance describe(Exchange exchange, long total) throws RefusedException {
    Optional<String> linked = exchange.linked().sha256();
    if (pin.isPresent() && linked.isPresent() && !linked.equals(pin)) {
      throw new RefusedException(
          "the hub has it with the SHA-256 %s, and only %s is allowed"
              .formatted(linked.get(), pin.get()));
    }
    Optional<String> sent = exchange.linked().commit();
    if (commit.isPresent() && sent.isPresent() && !sent.equals(commit)) {
      throw new RefusedException(
          "the hub has it at the commit %s, and %s was looked at"
              .formatted(sent.get(), commit.get()));
    }
    return new Provenance(
        file.fileName(),
        total,
        pin.or(() -> linked).orElse(""),
        url.toString(),
        exchange.etag(),
        exchange.linked().commit().orElse(""),
        Instant.now().toString());
  }

  /** Bytes of one version are never put behind bytes of another. */
  private void requireContinues(
      Provenance begun, long have, Exchange exchange, Exchange.Extent extent) throws IOException {
    boolean same =
        begun != null
            && extent.from() == have
            && (begun.size() < 0 || begun.size() == extent.total())
            && (exchange.etag().isEmpty() || exchange.etag().equals(begun.etag()))
            && exchange
                .linked()
                .sha256()
                .map(sha256 -> begun.sha256().isEmpty() || sha256.equals(begun.sha256()))
                .orElse(true);
    if (!same) {
      discard();
      throw new IOException("the server went on with something else than was begun");
    }
  }

  /** Checks what came, writes down where it came from, and gives it its name. */
  private Provenance finish(Provenance coming) throws IOException {
    String sha256 = Digests.sha256(part);
    String expected = pin.orElse(coming.sha256());
    if (!expected.isEmpty() && !expected.equals(sha256)) {
      throw new RefusedException(
          "what came has the SHA-256 %s instead of %s".formatted(sha256, expected));
    }
    try {
      file.check().check(part, part.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw e instanceof RefusedException
          ? e
          : new RefusedException("what came is not what its name says", e);
    }
    Provenance whole =
        new Provenance(
            coming.file(),
            Files.size(part),
            sha256,
            coming.url(),
            coming.etag(),
            coming.commit(),
            Instant.now().toString());
    // The record first: a file is whole only with its record, so a kill in between costs a fetch.
    whole.write(target);
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    Provenance.delete(part);
    return whole;
  }

  private void discard() throws IOException {
    Files.deleteIfExists(part);
    Provenance.delete(part);
  }

  /**
   * The caller doubles it each time, as a back-off of Kafka's does, of which this package knows
   * nothing: attempts are few, and only an interrupt ends a wait.
   */
  private static void pause(Duration pause) throws InterruptedIOException {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
