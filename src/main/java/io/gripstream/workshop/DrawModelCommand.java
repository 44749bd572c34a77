package io.gripstream.workshop;

import io.gripstream.clip.SafeTensors;
import io.gripstream.workshop.DrawnModel.Shapes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Writes a model of a real one's sizes whose weights mean nothing. */
@Command(
    name = "draw-model",
    description = {
      "Writes a CLIP of real sizes with random weights: to measure speed and memory without the real"
          + " weights. Its labels mean nothing.",
      "serve --model DIR uses what comes out."
    })
public final class DrawModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--shapes",
      required = true,
      paramLabel = "NAME",
      converter = Names.class,
      completionCandidates = Names.class,
      description = "Whose sizes: ${COMPLETION-CANDIDATES}.")
  private Shapes shapes;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--halves",
      description = "Store weights in 16 bits, as some published models do. Default: in 32.")
  private boolean halves;

  @Parameters(paramLabel = "DIR", description = "Where the model is written.")
  private Path folder;

  @Override
  public Integer call() throws IOException {
    DrawnModel.write(
        folder, shapes.config(), seed, halves ? SafeTensors.Type.F16 : SafeTensors.Type.F32);
    spec.commandLine().getOut().println(folder);
    return 0;
  }

  /** Names such as {@code vit-b-32}. */
  static final class Names implements ITypeConverter<Shapes>, Iterable<String> {
    @Override
    public Shapes convert(String value) {
      return Arrays.stream(Shapes.values())
          .filter(shapes -> name(shapes).equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(
              () -> new TypeConversionException("expected one of " + String.join(", ", this)));
    }

    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(Shapes.values()).map(Names::name).iterator();
    }

    private static String name(Shapes shapes) {
      return shapes.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
