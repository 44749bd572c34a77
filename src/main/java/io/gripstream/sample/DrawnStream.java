package io.gripstream.sample;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Drawings by one writer after the other, a few from each. Immutable. */
final class DrawnStream implements SampleStream {
  /**
   * Side of an image, in pixels; not the model's, so that it has to be resized as users' images
   * are.
   */
  static final int SIZE = 80;

  /** How many images in a row are by the same writer. */
  static final int SHEET = 12;

  private final String name;
  private final String template;
  private final Drawing drawing;
  private final long seed;
  private final Shift shift;
  private final double[] cumulative;

  DrawnStream(String name, String template, Drawing drawing, long seed, Shift shift, double skew) {
    if (!(skew >= 0)) {
      throw new IllegalArgumentException("skew must not be negative: " + skew);
    }
    this.name = name;
    this.template = template;
    this.drawing = drawing;
    this.seed = seed;
    this.shift = shift;
    int count = drawing.classes().size();
    this.cumulative = new double[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(-skew * i / (count - 1));
      cumulative[i] = sum;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classes() {
    return drawing.classes();
  }

  @Override
  public String template() {
    return template;
  }

  @Override
  public LabelledImage image(long index) {
    if (index < 0) {
      throw new IllegalArgumentException("negative index " + index);
    }
    Writer writer = Writer.any(drawing instanceof Drawing.Shapes, shift, random(1, index / SHEET));
    SplittableRandom random = random(2, index);
    int label = label(random);
    int habit = (int) new SplittableRandom(writer.habits() + label).nextLong();
    Sheet sheet = new Sheet(SIZE, writer, random);
    sheet.draw(drawing.lines(label, habit, random), shift.deformation());
    byte[] png = Png.encode(SIZE, sheet.photograph(shift));
    String id = name + "-" + seed + "-" + String.format(Locale.ROOT, "%07d", index);
    return new LabelledImage(id, png, classes().get(label));
  }

  private int label(SplittableRandom random) {
    double at = random.nextDouble() * cumulative[cumulative.length - 1];
    int label = 0;
    while (cumulative[label] <= at) {
      label++;
    }
    return label;
  }

  /** Independent random numbers for each purpose and index. */
  private SplittableRandom random(long purpose, long index) {
    long key = new SplittableRandom(seed * 31 + purpose + name.hashCode()).nextLong();
    return new SplittableRandom(new SplittableRandom(key + index).nextLong());
  }
}
