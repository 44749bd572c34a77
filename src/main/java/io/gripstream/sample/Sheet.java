package io.gripstream.sample;

import java.util.List;
import java.util.SplittableRandom;

/**
 * A square of paper that is written on and photographed. Coordinates are hundredths of its side.
 */
final class Sheet {
  private final int size;
  private final Writer writer;
  private final SplittableRandom random;

  /** How much ink covers each pixel, 0 to 1, row-major. */
  private final double[] ink;

  Sheet(int size, Writer writer, SplittableRandom random) {
    this.size = size;
    this.writer = writer;
    this.random = random;
    this.ink = new double[size * size];
  }

  /**
   * Draws with the writer's hand.
   *
   * @param deformation how far this one drawing is from the writer's usual
   */
  void draw(List<Line> lines, double deformation) {
    double scale = .58 + .2 * random.nextDouble();
    double slant = writer.slant() + .06 * deformation * random.nextGaussian();
    double turn = writer.turn() + .06 * deformation * random.nextGaussian();
    double right = 4 * deformation * random.nextGaussian();
    double down = 4 * deformation * random.nextGaussian();
    double cos = Math.cos(turn);
    double sin = Math.sin(turn);
    Wave bendX = new Wave(28, random);
    Wave bendY = new Wave(28, random);
    for (Line line : lines) {
      Wave tremorX = new Wave(7, random);
      Wave tremorY = new Wave(7, random);
      Wave pressure = new Wave(18, random);
      double pastX = 0;
      double pastY = 0;
      double pastRadius = 0;
      for (int i = 0; i < line.size(); i++) {
        double x = line.x()[i] - 50;
        double y = line.y()[i] - 50;
        double along = 2.0 * i;
        double bentX = x + writer.bend() * bendX.at(x, y) + writer.tremor() * tremorX.at(along, 0);
        double bentY = y + writer.bend() * bendY.at(x, y) + writer.tremor() * tremorY.at(along, 0);
        double slanted = (bentX - slant * bentY) * writer.stretch();
        double px = 50 + right + scale * (slanted * cos - bentY * sin);
        double py = 50 + down + scale * (slanted * sin + bentY * cos);
        double radius = writer.pen() * Math.max(.35, 1 + writer.pressure() * pressure.at(along, 0));
        if (i > 0) {
          segment(pastX, pastY, pastRadius, px, py, radius);
        }
        pastX = px;
        pastY = py;
        pastRadius = radius;
      }
    }
  }

  /** Inks a capsule between two points with its own radius at each. */
  private void segment(double ax, double ay, double ar, double bx, double by, double br) {
    double unit = size / 100.0;
    double reach = Math.max(ar, br) + 1.5;
    int left = Math.max(0, (int) ((Math.min(ax, bx) - reach) * unit));
    int right = Math.min(size - 1, (int) ((Math.max(ax, bx) + reach) * unit));
    int top = Math.max(0, (int) ((Math.min(ay, by) - reach) * unit));
    int bottom = Math.min(size - 1, (int) ((Math.max(ay, by) + reach) * unit));
    double dx = bx - ax;
    double dy = by - ay;
    double square = Math.max(1e-9, dx * dx + dy * dy);
    for (int row = top; row <= bottom; row++) {
      for (int column = left; column <= right; column++) {
        double x = (column + .5) / unit;
        double y = (row + .5) / unit;
        double t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / square));
        double awayX = x - ax - t * dx;
        double awayY = y - ay - t * dy;
        double distance = Math.sqrt(awayX * awayX + awayY * awayY);
        double covered = (ar + t * (br - ar) - distance) * unit + .5;
        int at = row * size + column;
        ink[at] = Math.max(ink[at], Math.min(1, covered));
      }
    }
  }

  /** What a camera makes of it: {@code [size, size, 3]} values in 0..1. */
  double[] photograph(Shift shift) {
    double[] scene = new double[size * size * 3];
    double step = 100.0 / size;
    double[] fibre = new Wave(1.1, random).raster(size, step);
    double[] mottle = new Wave(9, random).raster(size, step);
    double[] shadow = new Wave(60, random).raster(size, step);
    double light = 1 - shift.lighting() * .3 * random.nextDouble();
    double shade = shift.lighting() * .16;
    double phase = 100 * random.nextDouble();
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < size; column++) {
        int at = row * size + column;
        double grain = fibre[at] + random.nextGaussian();
        double cover =
            ink[at] * Math.max(0, Math.min(1, 1 - writer.grain() * Math.max(0, .6 + grain)));
        double paper = 1 + shift.noise() * .012 * (grain + mottle[at]);
        if (writer.ruling() > 0 && (row * step + phase) % writer.ruling() < 1.6) {
          paper *= .82;
        }
        double lit = light * (1 + shade * shadow[at]);
        for (int c = 0; c < 3; c++) {
          scene[at * 3 + c] =
              lit * (writer.paper()[c] * paper * (1 - cover) + writer.ink()[c] * cover);
        }
      }
    }
    blur(scene, shift.blur() * (.4 + .9 * random.nextDouble()));
    double noise = shift.noise() * (.01 + .035 * random.nextDouble());
    for (int i = 0; i < scene.length; i++) {
      scene[i] += noise * random.nextGaussian();
    }
    return scene;
  }

  /** A separable Gaussian of the given standard deviation in pixels, edges repeated. */
  private void blur(double[] scene, double sigma) {
    if (sigma < .1) {
      return;
    }
    int reach = (int) Math.ceil(3 * sigma);
    double[] kernel = new double[2 * reach + 1];
    double sum = 0;
    for (int i = -reach; i <= reach; i++) {
      kernel[i + reach] = Math.exp(-i * i / (2 * sigma * sigma));
      sum += kernel[i + reach];
    }
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] /= sum;
    }
    double[] half = new double[scene.length];
    convolve(scene, half, kernel, reach, 3, size * 3);
    convolve(half, scene, kernel, reach, size * 3, 3);
  }

  /**
   * Convolves along one axis; {@code step} is the stride of that axis, {@code across} of the other.
   */
  private void convolve(
      double[] from, double[] to, double[] kernel, int reach, int step, int across) {
    double[] line = new double[size + 2 * reach];
    for (int other = 0; other < size; other++) {
      for (int c = 0; c < 3; c++) {
        int start = other * across + c;
        for (int i = 0; i < line.length; i++) {
          line[i] = from[start + Math.max(0, Math.min(size - 1, i - reach)) * step];
        }
        for (int i = 0; i < size; i++) {
          double sum = 0;
          for (int k = 0; k < kernel.length; k++) {
            sum += kernel[k] * line[i + k];
          }
          to[start + i * step] = sum;
        }
      }
    }
  }
}
