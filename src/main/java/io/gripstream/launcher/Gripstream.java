package io.gripstream.launcher;

import io.gripstream.cli.CommandFailure;
import io.gripstream.cli.DemoCommand;
import io.gripstream.cli.Durations;
import io.gripstream.cli.Failures;
import io.gripstream.cli.FetchModelCommand;
import io.gripstream.cli.KeysCommand;
import io.gripstream.cli.LabelsCommand;
import io.gripstream.cli.SendCommand;
import io.gripstream.cli.ServeCommand;
import io.gripstream.cli.TasksCommand;
import io.gripstream.cli.WatchCommand;
import io.gripstream.files.ImageFilesException;
import io.gripstream.workshop.BenchCommand;
import io.gripstream.workshop.DrawModelCommand;
import io.gripstream.workshop.ExperimentCommand;
import io.gripstream.workshop.PretrainCommand;
import io.gripstream.workshop.experiment.ExperimentException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.Properties;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The commands, their help and their exit codes: 0 done, 1 failed, 2 not understood. */
@Command(
    name = "gripstream",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Gripstream.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    description =
        "Labels image streams with CLIP. The same images make its prompts better, round after"
            + " round.",
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      TasksCommand.class,
      SendCommand.class,
      WatchCommand.class,
      LabelsCommand.class,
      ExperimentCommand.class,
      BenchCommand.class,
      KeysCommand.class,
      FetchModelCommand.class,
      DrawModelCommand.class,
      PretrainCommand.class,
      AutoComplete.GenerateCompletion.class
    })
public final class Gripstream implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where a failure came from.")
  private boolean stacktrace;

  /** A command line ready to execute. */
  public static CommandLine commandLine() {
    Gripstream root = new Gripstream();
    CommandLine line = new CommandLine(root);
    line.registerConverter(java.time.Duration.class, Durations::parse);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(Gripstream::misunderstood);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          command.getErr().println("gripstream: " + Failures.sentence(failure));
          if (root.stacktrace) {
            failure.printStackTrace(command.getErr());
          } else if (!isForTheUser(failure)) {
            command.getErr().println("(--stacktrace shows where it came from)");
          }
          command.getErr().flush();
          return CommandLine.ExitCode.SOFTWARE;
        });
    return line;
  }

  /** What is wrong stays in sight: only where a command is to be chosen are all of them shown. */
  private static int misunderstood(ParameterException failure, String... arguments) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(message(failure));
    if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
      if (command.getSubcommands().isEmpty()) {
        err.printf("(%s --help shows more)%n", command.getCommandSpec().qualifiedName());
      } else {
        command.usage(err);
      }
    }
    err.flush();
    return CommandLine.ExitCode.USAGE;
  }

  /** The choices as the help has them: picocli adds how they are called in the source. */
  private static String message(ParameterException failure) {
    Iterable<String> choices =
        failure.getArgSpec() == null ? null : failure.getArgSpec().completionCandidates();
    return choices == null
        ? failure.getMessage()
        : failure
            .getMessage()
            .replaceFirst("\\[.*] \\(case-insensitive\\)", String.join(", ", choices));
  }

  /** Whether the message says what to do, so that nobody needs to know where it came from. */
  private static boolean isForTheUser(Exception failure) {
    return failure instanceof CommandFailure
        || failure instanceof ImageFilesException
        || failure instanceof ExperimentException;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  /** Tells the version that the build wrote into the class path. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties build = new Properties();
      try (InputStream in = Gripstream.class.getResourceAsStream("/version.properties")) {
        build.load(in);
      }
      return new String[] {"gripstream " + build.getProperty("version")};
    }
  }
}
