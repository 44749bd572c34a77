package io.gripstream.workshop.pico.world;

import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Shape;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;

/** The installed typefaces that can write digits and Latin letters, and their glyphs' outlines. */
public final class Typefaces {
  /** Where Debian keeps fonts. */
  public static final Path DEBIAN_FOLDER = Path.of("/usr/share/fonts");

  /** Below this many typefaces a pretraining run should not start. */
  public static final int FEWEST = 100;

  /**
   * Debian packages, handwriting first, that the shipped model was pretrained with. Only
   * pretraining needs them: {@code apt-get install --no-install-recommends} with these names.
   */
  public static final List<String> PACKAGES =
      Stream.of(
              ("fonts-aoyagi-soseki fonts-breip fonts-bwht fonts-comic-neue fonts-dancingscript"
                      + " fonts-dkg-handwriting fonts-ecolier-court fonts-femkeklaver fonts-havana"
                      + " fonts-humor-sans fonts-kaushanscript fonts-kiloji fonts-klee"
                      + " fonts-kouzan-mouhitsu fonts-kristi fonts-leckerli-one fonts-lobster"
                      + " fonts-lobstertwo fonts-rufscript fonts-seto fonts-sjfonts fonts-summersby"
                      + " fonts-tlwg-purisa fonts-tomsontalks fonts-yozvox-yozfont fonts-yusei-magic")
                  .split(" "),
              ("fonts-adf-gillius fonts-adf-mekanus fonts-adf-romande fonts-allerta "
                      + "fonts-averia-sans-gwf fonts-averia-serif-gwf fonts-b612 fonts-bebas-neue "
                      + "fonts-beteckna fonts-cabin fonts-cantarell fonts-comfortaa "
                      + "fonts-courier-prime fonts-crosextra-caladea fonts-crosextra-carlito "
                      + "fonts-dejavu fonts-dosis fonts-dustin fonts-ebgaramond fonts-essays1743 "
                      + "fonts-eurofurence fonts-fantasque-sans fonts-firacode fonts-freefont-ttf "
                      + "fonts-georgewilliams fonts-gnutypewriter fonts-go fonts-goudybookletter "
                      + "fonts-hack fonts-inconsolata fonts-junction fonts-jura fonts-karla "
                      + "fonts-klaudia-berenika fonts-lato fonts-liberation fonts-linuxlibertine "
                      + "fonts-monofur fonts-national-park fonts-ocr-a fonts-oldstandard "
                      + "fonts-open-sans fonts-opendin fonts-opendyslexic fonts-osifont fonts-play "
                      + "fonts-quicksand fonts-radisnoir fonts-roadgeek fonts-roboto-slab "
                      + "fonts-roboto-unhinted fonts-routed-gothic fonts-sil-andika "
                      + "fonts-sil-gentium-basic fonts-thai-tlwg fonts-tuffy fonts-urw-base35 "
                      + "fonts-vollkorn fonts-yanone-kaffeesatz")
                  .split(" "))
          .flatMap(Stream::of)
          .toList();

  private static final String REQUIRED =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final FontRenderContext OUTLINES =
      new FontRenderContext(new AffineTransform(), true, true);

  /** By family, so that one with fifty styles counts no more than one with a single style. */
  private final List<List<Font>> families;

  private final ConcurrentMap<GlyphKey, Optional<Path2D>> glyphs = new ConcurrentHashMap<>();

  private record GlyphKey(int family, int style, char character) {}

  Typefaces(List<Font> fonts) {
    Map<String, List<Font>> byFamily = new TreeMap<>();
    for (Font font : fonts) {
      byFamily.computeIfAbsent(font.getFamily(Locale.ROOT), f -> new ArrayList<>()).add(font);
    }
    this.families = byFamily.values().stream().map(List::copyOf).toList();
  }

  /**
   * Reads every TrueType, OpenType and Type 1 font below a folder that has all digits and Latin
   * letters and looks like the others, one file for each family and style, in the order of their
   * names.
   *
   * @throws UncheckedIOException when the folder cannot be read; a font that cannot be is left out
   */
  public static List<Font> load(Path folder) {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      files =
          all.filter(Typefaces::isFont)
              .sorted(
                  Comparator.comparing((Path file) -> file.getFileName().toString())
                      .thenComparing(Path::toString))
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list fonts below " + folder, e);
    }
    Map<String, Font> byName = new HashMap<>();
    List<Font> fonts = new ArrayList<>();
    for (Path file : files) {
      read(file)
          .filter(font -> font.canDisplayUpTo(REQUIRED) < 0)
          .filter(font -> byName.putIfAbsent(font.getFontName(Locale.ROOT), font) == null)
          .ifPresent(fonts::add);
    }
    return Consensus.legible(fonts);
  }

  /**
   * Refuses to go on with too few typefaces to learn writing from.
   *
   * @throws IllegalStateException naming the packages to install, when there are fewer than {@link
   *     #FEWEST}
   */
  public static void requireEnough(List<Font> fonts) {
    if (fonts.size() < FEWEST) {
      throw new IllegalStateException(
          "found "
              + fonts.size()
              + " typefaces, pretraining takes at least "
              + FEWEST
              + "; on Debian: apt-get install --no-install-recommends "
              + String.join(" ", PACKAGES));
    }
  }

  private static boolean isFont(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.matches(".*\\.(ttf|otf|pfb|t1)")
        && !name.matches(".*(symbol|dingbat|d050000l|emoji|barcode|math).*");
  }

  /** A font that Java cannot read is as good as not installed. */
  private static Optional<Font> read(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    int format = name.matches(".*\\.(pfb|t1)") ? Font.TYPE1_FONT : Font.TRUETYPE_FONT;
    try {
      return Optional.of(Font.createFont(format, file.toFile()).deriveFont(100f));
    } catch (FontFormatException | IOException e) {
      System.getLogger(Typefaces.class.getName())
          .log(System.Logger.Level.DEBUG, "left out: " + file, e);
      return Optional.empty();
    }
  }

  boolean isEmpty() {
    return families.isEmpty();
  }

  /**
   * A glyph of any typeface: its outline around the origin with height 1, or nothing when the font
   * draws nothing for the character. Shared, not to be changed.
   */
  Optional<Path2D> glyph(char character, SplittableRandom random) {
    int family = random.nextInt(families.size());
    List<Font> styles = families.get(family);
    int style = random.nextInt(styles.size());
    return glyphs.computeIfAbsent(
        new GlyphKey(family, style, character), key -> outline(styles.get(style), character));
  }

  static Optional<Path2D> outline(Font font, char character) {
    Shape shape = font.createGlyphVector(OUTLINES, new char[] {character}).getGlyphOutline(0);
    Rectangle2D box = shape.getBounds2D();
    if (box.getHeight() < 1 || box.getWidth() < 1 || box.getWidth() > 4 * box.getHeight()) {
      return Optional.empty();
    }
    AffineTransform toUnit =
        AffineTransform.getScaleInstance(1 / box.getHeight(), 1 / box.getHeight());
    toUnit.translate(-box.getCenterX(), -box.getCenterY());
    return Optional.of(new Path2D.Double(shape, toUnit));
  }
}
