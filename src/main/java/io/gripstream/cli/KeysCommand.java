package io.gripstream.cli;

import io.gripstream.access.Key;
import io.gripstream.access.KeyRole;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes keys that open the service. */
@Command(name = "keys", description = "Makes keys for those whom the service shall let in.")
public final class KeysCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  @Command(
      name = "create",
      description = {
        "Makes a key and prints it, and its line for the file that gripstream.access.keys names.",
        "Nothing keeps the key itself: give it to its owner."
      })
  int create(
      @Parameters(paramLabel = "NAME", description = "Whose it is.") String name,
      @Parameters(
              paramLabel = "ROLE",
              description =
                  "viewer (reads), labeller (and labels, and sends images), or operator (everything).")
          KeyRole role) {
    String secret = Key.secret();
    Key key;
    try {
      key = Key.of(name, role, secret);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.subcommands().get("create"), "NAME: " + e.getMessage(), e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.printf("key   %s%n", secret);
    out.printf("line  %s%n", key.line());
    out.flush();
    return 0;
  }
}
