package io.gripstream.clip.pixels;

/**
 * The first directory of a TIFF (TIFF 6.0, section 2): how its samples are laid out, and where.
 * What is not read is refused by its name.
 *
 * @param bits of a sample: 1, 2, 4, 8 or 16
 * @param samples of a pixel, alpha and others included
 * @param planar whether each sample has cells of its own
 * @param predicted whether a sample is stored as its difference from its left neighbor's
 * @param reversed whether the lowest bit of a byte comes first
 * @param cells the strips or tiles that the pixels are packed in
 */
record TiffDirectory(
    int width,
    int height,
    int orientation,
    boolean big,
    int bits,
    int samples,
    Colors colors,
    boolean premultiplied,
    Compression compression,
    boolean planar,
    boolean predicted,
    boolean reversed,
    Cells cells,
    Field palette) {
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

  enum Compression {
    NONE,
    LZW,
    DEFLATE,
    PACK_BITS
  }

  /**
   * Strips, or tiles in rows.
   *
   * @param width of a cell in pixels
   * @param height likewise; the last strip is as high as what is left
   * @param lengths in bytes; null where the file does not say
   */
  record Cells(int width, int height, Field offsets, Field lengths) {}

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

  static TiffDirectory of(Bytes bytes) throws InvalidImageException {
    boolean big = bytes.at(0) == 'M';
    Entries entries = new Entries(bytes, big);
    int width = entries.extent(WIDTH);
    int height = entries.extent(HEIGHT);
    Compression compression = compression(entries);
    Colors colors = colors(entries);
    int samples = (int) entries.number(SAMPLES, 1);
    if (samples < colors.samples || samples > MAX_SAMPLES) {
      throw new InvalidImageException("TIFF of %d samples a pixel".formatted(samples));
    }
    int bits = bits(entries, colors, samples);
    Field extra = entries.field(EXTRA_SAMPLES);
    return new TiffDirectory(
        width,
        height,
        orientation(bytes, entries),
        big,
        bits,
        samples,
        colors,
        colors == Colors.RGB && samples == 4 && extra != null && extra.value(0) == 1,
        compression,
        entries.number(PLANAR, 1) == 2 && samples > 1,
        predicted(entries, compression, bits),
        entries.number(FILL_ORDER, 1) == 2,
        cells(entries, width, height),
        colors == Colors.PALETTE ? palette(entries, bits) : null);
  }

  /** Of the samples of a pixel, those that the colors are made from. */
  int kept() {
    return premultiplied ? 4 : colors.samples;
  }

  /** Bytes of a row of a cell, unpacked. */
  long rowBytes() {
    return ((long) cells.width * bits * (planar ? 1 : samples) + 7) / 8;
  }

  /** Of heap that decoding takes for each pixel, at most. */
  double bytesPerPixel() {
    double cell = (double) rowBytes() * Math.min(cells.height, height);
    return kept() + (colors == Colors.PALETTE ? 3 : 0) + cell / ((double) width * height);
  }

  private static Colors colors(Entries entries) throws InvalidImageException {
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
    return (int) bits;
  }

  private static Compression compression(Entries entries) throws InvalidImageException {
    int code = (int) entries.number(COMPRESSION, 1);
    return switch (code) {
      case 1 -> Compression.NONE;
      case 5 -> Compression.LZW;
      case 8, 32946 -> Compression.DEFLATE;
      case 32773 -> Compression.PACK_BITS;
      case 2, 3, 4 -> throw refused("of fax compression");
      case 6, 7 -> throw refused("of JPEG compression");
      default -> throw refused("of compression " + code);
    };
  }

  private static boolean predicted(Entries entries, Compression compression, int bits)
      throws InvalidImageException {
    long predictor = entries.number(PREDICTOR, 1);
    if (predictor == 1 || compression != Compression.LZW && compression != Compression.DEFLATE) {
      return false;
    }
    if (predictor != 2 || bits < 8) {
      throw refused("of predictor %d on %d bits a sample".formatted(predictor, bits));
    }
    return true;
  }

  private static Cells cells(Entries entries, int width, int height) throws InvalidImageException {
    Field tiles = entries.field(TILE_OFFSETS);
    Field offsets = tiles == null ? entries.field(STRIP_OFFSETS) : tiles;
    if (offsets == null) {
      throw new InvalidImageException("TIFF without pixels");
    }
    Cells cells =
        tiles == null
            ? new Cells(
                width,
                (int) Math.min(height, entries.number(ROWS_PER_STRIP, height)),
                offsets,
                entries.field(STRIP_LENGTHS))
            : new Cells(
                entries.extent(TILE_WIDTH),
                entries.extent(TILE_HEIGHT),
                offsets,
                entries.field(TILE_LENGTHS));
    if (width > 0 && height > 0 && (cells.width < 1 || cells.height < 1)) {
      throw new InvalidImageException("TIFF with empty strips or tiles");
    }
    return cells;
  }

  private static Field palette(Entries entries, int bits) throws InvalidImageException {
    Field palette = entries.field(PALETTE);
    if (palette == null || palette.count < 3L << bits) {
      throw new InvalidImageException("TIFF without its palette");
    }
    return palette;
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
    Entries(Bytes bytes, boolean big) {
      this(bytes, big, new Field(bytes, big, 4, 1, 4).value(0));
    }

    private Entries(Bytes bytes, boolean big, long at) {
      this(bytes, big, at + 2, (int) new Field(bytes, big, 2, 1, at).value(0));
    }

    /** The entry with this tag, or null. */
    Field field(int tag) {
      for (long at = start; at < start + (long) count * ENTRY; at += ENTRY) {
        if (new Field(bytes, big, 2, 1, at).value(0) == tag) {
          int size =
              switch ((int) new Field(bytes, big, 2, 1, at + 2).value(0)) {
                case 1, 2, 6, 7 -> 1;
                case 3, 8 -> 2;
                default -> 4;
              };
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
