package io.gripstream.clip.pixels;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The first directory of a TIFF (TIFF 6.0, section 2), as far as its size, its colors and its cost
 * go. What is not read is refused by its name.
 *
 * @param bits of a sample: 1, 2, 4, 8 or 16
 * @param samples of a pixel, alpha and others included
 * @param premultiplied whether the colors have been multiplied by alpha
 * @param rowBytes of a row of a strip or tile, unpacked
 * @param cells how many strips or tiles the pixels are packed in
 */
record TiffDirectory(
    int width,
    int height,
    int orientation,
    int bits,
    int samples,
    Colors colors,
    boolean premultiplied,
    long rowBytes,
    long cells) {
  /** What a pixel's first samples are; the order is that of PhotometricInterpretation. */
  enum Colors {
    WHITE_IS_ZERO(1),
    BLACK_IS_ZERO(1),
    RGB(3),
    PALETTE(1),
    MASK(0),
    CMYK(4);

    private final int samples;

    Colors(int samples) {
      this.samples = samples;
    }
  }

  /**
   * The values of one entry, read from the file when they are asked for.
   *
   * @param size of a value in bytes: 1, 2 or 4
   * @param at offset of the first value
   */
  record Field(Bytes bytes, boolean big, int size, long count, long at) {
    /** A value, unsigned; 0 and up. */
    long value(long index) {
      long from = at + index * size;
      if (index >= count || from + size > bytes.length()) {
        throw new IndexOutOfBoundsException(from);
      }
      int offset = (int) from;
      return switch (size) {
        case 1 -> bytes.at(offset);
        case 2 -> big ? bytes.bigShort(offset) : bytes.littleShort(offset);
        default -> (big ? bytes.bigInt(offset) : bytes.littleInt(offset)) & 0xFFFFFFFFL;
      };
    }
  }

  private static final int ENTRY = 12;
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int FILL_ORDER = 266;
  private static final int STRIP_OFFSETS = 273;
  private static final int SAMPLES = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_LENGTHS = 279;
  private static final int PLANAR = 284;
  private static final int PREDICTOR = 317;
  private static final int PALETTE = 320;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_LENGTHS = 325;
  private static final int EXTRA_SAMPLES = 338;
  private static final int SAMPLE_FORMAT = 339;
  private static final int XMP = 700;

  /** Of a pixel; more are no picture. */
  private static final int MAX_SAMPLES = 16;

  /** What the reader is to see; the rest could cost it more than the pixels do. */
  private static final Set<Integer> READ =
      Set.of(
          WIDTH,
          HEIGHT,
          BITS,
          COMPRESSION,
          PHOTOMETRIC,
          FILL_ORDER,
          STRIP_OFFSETS,
          SAMPLES,
          ROWS_PER_STRIP,
          STRIP_LENGTHS,
          PLANAR,
          PREDICTOR,
          PALETTE,
          TILE_WIDTH,
          TILE_HEIGHT,
          TILE_OFFSETS,
          TILE_LENGTHS,
          EXTRA_SAMPLES,
          SAMPLE_FORMAT);

  /** Those with a value for each strip or tile. */
  private static final Set<Integer> TABLES =
      Set.of(STRIP_OFFSETS, STRIP_LENGTHS, TILE_OFFSETS, TILE_LENGTHS);

  /** Of any other entry, at most: a palette's colors. */
  private static final int MAX_VALUES = 3 << 8;

  /** Of heap that the reader takes for a strip or tile: its place and length, several times. */
  private static final int CELL_BYTES = 80;

  static TiffDirectory of(Bytes bytes) throws InvalidImageException {
    Entries entries = new Entries(bytes);
    int width = entries.extent(WIDTH);
    int height = entries.extent(HEIGHT);
    requireKnownCompression(entries);
    Colors colors = colors(entries);
    int samples = (int) entries.number(SAMPLES, 1);
    if (samples < colors.samples || samples > MAX_SAMPLES) {
      throw new InvalidImageException("TIFF of %d samples a pixel".formatted(samples));
    }
    int bits = bits(entries, colors, samples);
    Field extra = entries.field(EXTRA_SAMPLES);
    boolean planar = entries.number(PLANAR, 1) == 2 && samples > 1;
    // The reader takes three samples for RGB, and does not turn white and black in planes.
    if (colors.samples == 1 && (samples > 2 || planar && colors == Colors.WHITE_IS_ZERO)) {
      throw refused("of %d samples a pixel, one of them a color,".formatted(samples));
    }
    boolean tiled = entries.field(TILE_OFFSETS) != null;
    if (!tiled && entries.field(STRIP_OFFSETS) == null) {
      throw new InvalidImageException("TIFF without pixels");
    }
    // Some writers put their tiles' offsets where strips have theirs.
    long cellWidth = entries.number(TILE_WIDTH, tiled ? 0 : width);
    long rows = Math.min(height, entries.number(ROWS_PER_STRIP, height));
    long cellHeight = entries.number(TILE_HEIGHT, tiled ? 0 : rows);
    if (width > 0 && height > 0 && (cellWidth < 1 || cellHeight < 1)) {
      throw new InvalidImageException("TIFF with empty strips or tiles");
    }
    return new TiffDirectory(
        width,
        height,
        orientation(bytes, entries),
        bits,
        samples,
        colors,
        colors == Colors.RGB && samples == 4 && extra != null && extra.value(0) == 1,
        (cellWidth * bits * (planar ? 1 : samples) + 7) / 8,
        pieces(width, cellWidth) * pieces(height, cellHeight) * (planar ? samples : 1));
  }

  private static long pieces(long whole, long piece) {
    return piece < 1 ? 0 : (whole + piece - 1) / piece;
  }

  /**
   * The file with nothing but what its pixels are read by: no other pages, and no entry but the
   * first of its tag, not longer than it need be.
   */
  byte[] bare(Bytes bytes) {
    Entries entries = new Entries(bytes);
    byte[] bare = bytes.array().clone();
    Set<Integer> seen = new HashSet<>();
    int at = (int) entries.start;
    for (int i = 0; i < entries.count; i++, at += ENTRY) {
      int tag = entries.tag(i);
      // Tags that nobody reads are not looked for: there may be thousands.
      Field field = READ.contains(tag) && seen.add(tag) ? entries.field(tag) : null;
      long most = TABLES.contains(tag) ? Math.max(cells, MAX_VALUES) : MAX_VALUES;
      if (field == null || field.count > most) {
        // A type that there is not.
        Arrays.fill(bare, at + 2, at + 4, (byte) 0);
      }
    }
    Arrays.fill(bare, Math.min(at, bare.length), Math.min(at + 4, bare.length), (byte) 0);
    return bare;
  }

  /** Of heap that decoding takes for each pixel, at most. */
  double bytesPerPixel() {
    double rest = 3.0 * rowBytes + (double) CELL_BYTES * cells;
    return samples * bits / 8.0 + 4 + rest / ((double) width * height);
  }

  private static Colors colors(Entries entries) throws InvalidImageException {
    if (entries.field(PHOTOMETRIC) == null) {
      throw refused("that does not say what its colors are");
    }
    int photometric = (int) entries.number(PHOTOMETRIC, 0);
    Colors[] known = Colors.values();
    if (photometric < known.length && known[photometric] != Colors.MASK) {
      return known[photometric];
    }
    String name =
        switch (photometric) {
          case 4 -> "a mask";
          case 6 -> "YCbCr";
          case 8, 9, 10 -> "Lab";
          default -> "photometric interpretation " + photometric;
        };
    throw refused("of " + name);
  }

  private static int bits(Entries entries, Colors colors, int samples)
      throws InvalidImageException {
    Field field = entries.field(BITS);
    long bits = field == null ? 1 : field.value(0);
    for (int i = 1; field != null && i < Math.min(samples, field.count); i++) {
      if (field.value(i) != bits) {
        throw refused("of samples of different lengths");
      }
    }
    boolean whole = bits == 8 || bits == 16 && colors != Colors.PALETTE;
    boolean packed = (bits == 1 || bits == 2 || bits == 4) && colors.samples == 1;
    if (!whole && !packed) {
      throw refused("of %d bits a sample".formatted(bits));
    }
    long format = entries.number(SAMPLE_FORMAT, 1);
    if (format != 1 && format != 4) {
      throw refused("of signed or floating-point samples");
    }
    long predictor = entries.number(PREDICTOR, 1);
    if (predictor != 1 && (predictor != 2 || bits < 8)) {
      throw refused("of predictor %d on %d bits a sample".formatted(predictor, bits));
    }
    return (int) bits;
  }

  private static void requireKnownCompression(Entries entries) throws InvalidImageException {
    int code = (int) entries.number(COMPRESSION, 1);
    switch (code) {
      case 1, 5, 8, 32946, 32773 -> {}
      case 2, 3, 4 -> throw refused("of fax compression");
      case 6, 7 -> throw refused("of JPEG compression");
      default -> throw refused("of compression " + code);
    }
  }

  private static int orientation(Bytes bytes, Entries entries) {
    int exif = ExifOrientation.of(bytes, 0, bytes.length());
    Field xmp = entries.field(XMP);
    return exif == ExifOrientation.UNKNOWN && xmp != null && xmp.at <= bytes.length()
        ? ExifOrientation.ofXmp(bytes, (int) xmp.at, (int) Math.min(xmp.count, Integer.MAX_VALUE))
        : exif;
  }

  private static InvalidImageException refused(String what) {
    return new InvalidImageException("TIFF %s is not read: send it as PNG".formatted(what));
  }

  /** A directory's entries; each look walks over them all, and makes nothing of them. */
  private record Entries(Bytes bytes, boolean big, long start, int count) {
    Entries(Bytes bytes) {
      this(bytes, bytes.at(0) == 'M');
    }

    private Entries(Bytes bytes, boolean big) {
      this(bytes, big, new Field(bytes, big, 4, 1, 4).value(0));
    }

    private Entries(Bytes bytes, boolean big, long at) {
      this(bytes, big, at + 2, (int) new Field(bytes, big, 2, 1, at).value(0));
    }

    int tag(int index) {
      return (int) new Field(bytes, big, 2, 1, start + (long) index * ENTRY).value(0);
    }

    /** The first entry with this tag, or null: there is none, or it is not of whole numbers. */
    Field field(int tag) {
      for (int i = 0; i < count; i++) {
        if (tag(i) == tag) {
          long at = start + (long) i * ENTRY;
          int size =
              switch ((int) new Field(bytes, big, 2, 1, at + 2).value(0)) {
                case 1, 7 -> 1;
                case 3 -> 2;
                case 4 -> 4;
                default -> 0;
              };
          if (size == 0) {
            return null;
          }
          long values = new Field(bytes, big, 4, 1, at + 4).value(0);
          boolean inline = values * size <= 4;
          return new Field(
              bytes,
              big,
              size,
              values,
              inline ? at + 8 : new Field(bytes, big, 4, 1, at + 8).value(0));
        }
      }
      return null;
    }

    long number(int tag, long otherwise) {
      Field field = field(tag);
      return field == null || field.count == 0 ? otherwise : field.value(0);
    }

    /** A side in pixels; 0 where there is none. */
    int extent(int tag) {
      return (int) Math.min(number(tag, 0), Integer.MAX_VALUE);
    }
  }
}
