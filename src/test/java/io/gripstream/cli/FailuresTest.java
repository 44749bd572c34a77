package io.gripstream.cli;

import static java.net.http.HttpResponse.BodyHandlers.discarding;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailuresTest {
  @TempDir Path folder;

  @Test
  void aFilesFailureSaysMoreThanItsPath() throws Exception {
    Path missing = folder.resolve("missing").resolve("labels.csv");
    assertThat(sentence(() -> Files.writeString(missing, "")))
        .isEqualTo(missing + " is not there, or its folder is not");
    assertThat(sentence(() -> Files.createDirectory(folder))).isEqualTo(folder + " exists already");
    Files.createFile(folder.resolve("one"));
    assertThat(sentence(() -> Files.delete(folder))).startsWith(folder + " cannot be used (Dir");
    assertThat(sentence(() -> Files.newByteChannel(folder.resolve("one").resolve("two"))))
        .startsWith(folder.resolve("one/two") + ": ");
  }

  @Test
  void eachMessageOfTheChainIsSaidOnceAndOnOneLine() {
    Throwable cause = new IllegalStateException("the disk\n is full");
    Throwable wrapped = new ExecutionException(cause);
    assertThat(Failures.sentence(new IllegalArgumentException("cannot write", wrapped)))
        .isEqualTo("cannot write: the disk is full");
    assertThat(Failures.sentence(new UncheckedIOException(new java.io.IOException())))
        .isEqualTo("IOException");
  }

  @Test
  void whereNobodyListensIsSaidSo() {
    assertThat(
            sentence(() -> HttpClient.newHttpClient().send(to("http://localhost:1"), discarding())))
        .isEqualTo("nobody listens there: is it running?");
    assertThat(
            sentence(() -> HttpClient.newHttpClient().send(to("http://no.invalid"), discarding())))
        .isEqualTo("there is no such host");
  }

  private static HttpRequest to(String address) {
    return HttpRequest.newBuilder(URI.create(address)).build();
  }

  private static String sentence(org.assertj.core.api.ThrowableAssert.ThrowingCallable work) {
    return Failures.sentence(catchThrowable(work));
  }
}
