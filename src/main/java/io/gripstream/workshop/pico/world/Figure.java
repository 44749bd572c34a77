package io.gripstream.workshop.pico.world;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** A shape with a name, as an outline around the origin within the square from -0.5 to 0.5. */
enum Figure {
  CIRCLE(() -> ellipse(.5, .5)),
  SQUARE(() -> polygon(-.44, -.44, .44, -.44, .44, .44, -.44, .44)),
  TRIANGLE(() -> polygon(0, -.46, .5, .42, -.5, .42)),
  STAR(() -> star(5, .2)),
  HEART(Figure::heart),
  HEXAGON(() -> star(6, 0)),
  PENTAGON(() -> star(5, 0)),
  OCTAGON(() -> regular(8, Math.PI / 8)),
  CROSS(Figure::cross),
  ARROW(() -> polygon(-.5, -.14, .06, -.14, .06, -.36, .5, 0, .06, .36, .06, .14, -.5, .14)),
  RING(() -> without(ellipse(.5, .5), ellipse(.29, .29))),
  CRESCENT(() -> without(ellipse(.5, .5), moved(ellipse(.44, .44), .24, -.02))),
  DIAMOND(() -> polygon(0, -.5, .36, 0, 0, .5, -.36, 0)),
  OVAL(() -> ellipse(.5, .3)),
  RECTANGLE(() -> polygon(-.5, -.27, .5, -.27, .5, .27, -.5, .27)),
  TRAPEZOID(() -> polygon(-.28, -.3, .28, -.3, .5, .3, -.5, .3)),
  PARALLELOGRAM(() -> polygon(-.24, -.28, .5, -.28, .24, .28, -.5, .28)),
  SEMICIRCLE(() -> without(moved(ellipse(.5, .5), 0, .22), new Rectangle2D.Double(-1, .22, 2, 2))),
  SPIRAL(Figure::spiral),
  LIGHTNING(() -> polygon(.12, -.5, -.3, .06, -.02, .06, -.14, .5, .3, -.1, .02, -.1, .22, -.5)),
  DROP(Figure::drop),
  CLOUD(Figure::cloud),
  FLOWER(Figure::flower),
  HOUSE(Figure::house),
  TREE(Figure::tree),
  SUN(Figure::sun),
  FISH(Figure::fish),
  FLAG(Figure::flag),
  BOAT(Figure::boat),
  CHECKMARK(() -> polygon(-.5, .04, -.36, -.1, -.16, .12, .36, -.4, .5, -.26, -.16, .4)),
  GEAR(Figure::gear),
  MUSHROOM(Figure::mushroom);

  private static final List<Figure> ALL = List.of(values());

  private final Shape outline;

  Figure(Supplier<Shape> outline) {
    this.outline = outline.get();
  }

  /** The name as captions use it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** More than one of it. */
  String plural() {
    return switch (this) {
      case CROSS -> "crosses";
      case FISH -> "fish";
      case LIGHTNING -> "lightning bolts";
      default -> word() + "s";
    };
  }

  /** The outline; shared, not to be changed. */
  Shape outline() {
    return outline;
  }

  /** Whether its outline alone still shows it: a spiral's is a band, a ring's two circles. */
  boolean hasOutline() {
    return this != SPIRAL && this != RING;
  }

  static List<Figure> all() {
    return ALL;
  }

  static List<String> words() {
    return Arrays.stream(values()).map(Figure::word).toList();
  }

  private static Shape ellipse(double radiusX, double radiusY) {
    return new Ellipse2D.Double(-radiusX, -radiusY, 2 * radiusX, 2 * radiusY);
  }

  private static Path2D polygon(double... coordinates) {
    Path2D path = new Path2D.Double();
    path.moveTo(coordinates[0], coordinates[1]);
    for (int i = 2; i < coordinates.length; i += 2) {
      path.lineTo(coordinates[i], coordinates[i + 1]);
    }
    path.closePath();
    return path;
  }

  /** A star with one point up; an inner radius of 0 leaves its regular polygon. */
  private static Path2D star(int points, double inner) {
    if (inner == 0) {
      return regular(points, 0);
    }
    double[] coordinates = new double[4 * points];
    for (int i = 0; i < 2 * points; i++) {
      double angle = Math.PI * i / points - Math.PI / 2;
      double radius = i % 2 == 0 ? .5 : inner;
      coordinates[2 * i] = radius * Math.cos(angle);
      coordinates[2 * i + 1] = radius * Math.sin(angle);
    }
    return polygon(coordinates);
  }

  private static Path2D regular(int corners, double turn) {
    double[] coordinates = new double[2 * corners];
    for (int i = 0; i < corners; i++) {
      double angle = 2 * Math.PI * i / corners - Math.PI / 2 + turn;
      coordinates[2 * i] = .5 * Math.cos(angle);
      coordinates[2 * i + 1] = .5 * Math.sin(angle);
    }
    return polygon(coordinates);
  }

  private static Shape moved(Shape shape, double x, double y) {
    return AffineTransform.getTranslateInstance(x, y).createTransformedShape(shape);
  }

  private static Shape without(Shape shape, Shape hole) {
    Area area = new Area(shape);
    area.subtract(new Area(hole));
    return new Path2D.Double(area);
  }

  private static Shape union(Shape... shapes) {
    Area area = new Area();
    for (Shape shape : shapes) {
      area.add(new Area(shape));
    }
    return new Path2D.Double(area);
  }

  private static Shape box(double left, double top, double right, double bottom) {
    return new Rectangle2D.Double(left, top, right - left, bottom - top);
  }

  private static Shape heart() {
    Path2D path = new Path2D.Double();
    path.moveTo(0, .48);
    path.curveTo(-.7, -.02, -.5, -.5, -.24, -.44);
    path.curveTo(-.1, -.42, -.02, -.32, 0, -.22);
    path.curveTo(.02, -.32, .1, -.42, .24, -.44);
    path.curveTo(.5, -.5, .7, -.02, 0, .48);
    path.closePath();
    return path;
  }

  private static Shape cross() {
    return polygon(
        -.15, -.48, .15, -.48, .15, -.15, .48, -.15, .48, .15, .15, .15, .15, .48, -.15, .48, -.15,
        .15, -.48, .15, -.48, -.15, -.15, -.15);
  }

  private static Shape spiral() {
    Path2D path = new Path2D.Double();
    int steps = 60;
    for (int i = 0; i <= steps; i++) {
      double angle = 5.2 * Math.PI * i / steps;
      double radius = .04 + .46 * i / steps;
      double x = radius * Math.cos(angle);
      double y = radius * Math.sin(angle);
      if (i == 0) {
        path.moveTo(x, y);
      } else {
        path.lineTo(x, y);
      }
    }
    return new BasicStroke(.075f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        .createStrokedShape(path);
  }

  private static Shape drop() {
    Path2D path = new Path2D.Double();
    path.moveTo(0, -.5);
    path.curveTo(.1, -.2, .34, 0, .34, .18);
    path.curveTo(.34, .6, -.34, .6, -.34, .18);
    path.curveTo(-.34, 0, -.1, -.2, 0, -.5);
    path.closePath();
    return path;
  }

  private static Shape cloud() {
    return union(
        moved(ellipse(.2, .17), -.28, .1),
        moved(ellipse(.24, .24), -.06, -.06),
        moved(ellipse(.2, .18), .26, .08),
        box(-.3, .05, .3, .26));
  }

  private static Shape flower() {
    Area petals = new Area();
    for (int i = 0; i < 6; i++) {
      double angle = Math.PI * i / 3;
      petals.add(
          new Area(moved(ellipse(.165, .165), .31 * Math.cos(angle), .31 * Math.sin(angle))));
    }
    petals.add(new Area(ellipse(.24, .24)));
    petals.subtract(new Area(ellipse(.12, .12)));
    return new Path2D.Double(petals);
  }

  private static Shape house() {
    return without(
        union(polygon(0, -.5, .5, -.08, -.5, -.08), box(-.38, -.1, .38, .46)),
        union(box(-.09, .14, .11, .5), box(.18, .02, .3, .14)));
  }

  private static Shape tree() {
    return union(
        polygon(0, -.5, .26, -.14, -.26, -.14),
        polygon(0, -.3, .34, .1, -.34, .1),
        polygon(0, -.08, .4, .3, -.4, .3),
        box(-.07, .28, .07, .5));
  }

  private static Shape sun() {
    Area area = new Area(ellipse(.26, .26));
    for (int i = 0; i < 8; i++) {
      Shape ray = polygon(.32, -.05, .5, 0, .32, .05);
      area.add(
          new Area(AffineTransform.getRotateInstance(Math.PI * i / 4).createTransformedShape(ray)));
    }
    return new Path2D.Double(area);
  }

  private static Shape fish() {
    return without(
        union(moved(ellipse(.34, .2), .14, 0), polygon(-.12, 0, -.5, -.24, -.42, 0, -.5, .24)),
        moved(ellipse(.035, .035), .32, -.05));
  }

  private static Shape flag() {
    Path2D cloth = new Path2D.Double();
    cloth.moveTo(-.3, -.46);
    cloth.curveTo(-.05, -.58, .15, -.34, .46, -.46);
    cloth.lineTo(.46, -.04);
    cloth.curveTo(.15, .08, -.05, -.16, -.3, -.04);
    cloth.closePath();
    return union(cloth, box(-.38, -.5, -.3, .5));
  }

  private static Shape boat() {
    return union(
        polygon(-.5, .2, .5, .2, .34, .44, -.34, .44),
        box(-.03, -.5, .03, .22),
        polygon(.06, -.44, .4, .12, .06, .12),
        polygon(-.06, -.34, -.36, .12, -.06, .12));
  }

  private static Shape gear() {
    Area area = new Area(ellipse(.36, .36));
    for (int i = 0; i < 8; i++) {
      area.add(
          new Area(
              AffineTransform.getRotateInstance(Math.PI * i / 4)
                  .createTransformedShape(box(.3, -.09, .5, .09))));
    }
    area.subtract(new Area(ellipse(.16, .16)));
    return new Path2D.Double(area);
  }

  private static Shape mushroom() {
    Shape cap = without(moved(ellipse(.5, .44), 0, 0), box(-1, 0, 1, 1));
    return union(cap, polygon(-.14, -.02, .14, -.02, .18, .46, -.18, .46));
  }
}
