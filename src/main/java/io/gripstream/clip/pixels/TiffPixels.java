package io.gripstream.clip.pixels;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Unpacks a TIFF's strips or tiles. The JDK's reader is not used: it makes up what a strip lacks,
 * makes a gigabyte of strings of a megabyte of LZW codes where no budget can stop it, and does not
 * know differences of 16-bit samples.
 */
final class TiffPixels {
  /** About a cell's effort beside its bytes. */
  private static final int CELL = 1 << 10;

  private final Bytes bytes;
  private final TiffDirectory directory;
  private final DecodeBudget budget;
  private final TiffLzw lzw = new TiffLzw();
  private final int kept;

  /** {@code [height, width, kept]}, 8 bits each. */
  private final byte[] samples;

  private TiffPixels(Bytes bytes, TiffDirectory directory, DecodeBudget budget) {
    this.bytes = bytes;
    this.directory = directory;
    this.budget = budget;
    this.kept = directory.kept();
    this.samples =
        new byte
            [Math.multiplyExact(Math.multiplyExact(directory.width(), directory.height()), kept)];
  }

  static RgbView read(Bytes bytes, DecodeBudget budget) throws InvalidImageException {
    TiffPixels pixels = new TiffPixels(bytes, TiffDirectory.of(bytes), budget);
    try {
      pixels.unpack();
    } catch (DataFormatException e) {
      throw new InvalidImageException("TIFF is damaged", e);
    }
    return pixels.colors();
  }

  private void unpack() throws InvalidImageException, DataFormatException {
    TiffDirectory.Cells cells = directory.cells();
    int planes = directory.planar() ? kept : 1;
    byte[] cell =
        new byte
            [Math.toIntExact(directory.rowBytes() * Math.min(cells.height(), directory.height()))];
    long index = 0;
    for (int plane = 0; plane < planes; plane++) {
      for (long top = 0; top < directory.height(); top += cells.height()) {
        int rows = (int) Math.min(cells.height(), directory.height() - top);
        for (long left = 0; left < directory.width(); left += cells.width(), index++) {
          unpack(index, cell, Math.toIntExact(rows * directory.rowBytes()));
          for (int y = 0; y < rows; y++) {
            keep(cell, (int) (y * directory.rowBytes()), (int) left, (int) top + y, plane);
          }
        }
      }
    }
  }

  /** Fills the first bytes of a cell. */
  private void unpack(long index, byte[] cell, int wanted)
      throws InvalidImageException, DataFormatException {
    TiffDirectory.Cells cells = directory.cells();
    long from = cells.offsets().value(index);
    boolean packed = directory.compression() != TiffDirectory.Compression.NONE;
    long said = packed && cells.lengths() != null ? cells.lengths().value(index) : wanted;
    int start = (int) Math.min(from, bytes.length());
    int length = (int) Math.min(said, bytes.length() - start);
    budget.spend(CELL);
    budget.spend(length);
    budget.spend(wanted);
    byte[] source = bytes.array();
    if (directory.reversed()) {
      source = Arrays.copyOfRange(source, start, start + length);
      start = 0;
      for (int i = 0; i < length; i++) {
        source[i] = (byte) (Integer.reverse(source[i]) >>> 24);
      }
    }
    int made =
        switch (directory.compression()) {
          case NONE -> copy(source, start, length, cell);
          case LZW -> lzw.unpack(source, start, start + length, cell, wanted);
          case DEFLATE -> inflate(source, start, length, cell, wanted);
          case PACK_BITS -> packBits(source, start, start + length, cell, wanted);
        };
    if (made < wanted) {
      throw new InvalidImageException("TIFF is cut off");
    }
    if (directory.predicted()) {
      for (int row = 0; row < wanted; row += (int) directory.rowBytes()) {
        sumUp(cell, row);
      }
    }
  }

  private static int copy(byte[] source, int start, int length, byte[] cell) {
    System.arraycopy(source, start, cell, 0, length);
    return length;
  }

  private static int inflate(byte[] source, int start, int length, byte[] cell, int wanted)
      throws DataFormatException {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(source, start, length);
      int made = 0;
      int more;
      do {
        more = inflater.inflate(cell, made, wanted - made);
        made += more;
      } while (more > 0 && made < wanted);
      return made;
    } finally {
      inflater.end();
    }
  }

  /** TIFF 6.0, section 9. */
  private static int packBits(byte[] source, int start, int end, byte[] cell, int wanted) {
    int made = 0;
    int at = start;
    while (at < end && made < wanted) {
      int code = source[at++];
      if (code >= 0) {
        int count = Math.min(Math.min(code + 1, end - at), wanted - made);
        System.arraycopy(source, at, cell, made, count);
        at += count;
        made += count;
      } else if (code > Byte.MIN_VALUE && at < end) {
        int count = Math.min(1 - code, wanted - made);
        Arrays.fill(cell, made, made + count, source[at++]);
        made += count;
      }
    }
    return made;
  }

  /** From differences to samples. */
  private void sumUp(byte[] cell, int row) {
    int step = directory.planar() ? 1 : directory.samples();
    int end = row + (int) directory.rowBytes();
    if (directory.bits() == 8) {
      for (int i = row + step; i < end; i++) {
        cell[i] += cell[i - step];
      }
      return;
    }
    int high = directory.big() ? 0 : 1;
    int low = 1 - high;
    for (int i = row + 2 * step; i < end; i += 2) {
      int before = (cell[i - 2 * step + high] & 0xFF) << 8 | cell[i - 2 * step + low] & 0xFF;
      int sum = before + ((cell[i + high] & 0xFF) << 8 | cell[i + low] & 0xFF);
      cell[i + high] = (byte) (sum >> 8);
      cell[i + low] = (byte) sum;
    }
  }

  /** Takes a row of a cell, as far as it is in the picture. */
  private void keep(byte[] cell, int row, int left, int y, int plane) {
    int bits = directory.bits();
    int step = directory.planar() ? 1 : directory.samples();
    int first = directory.planar() ? plane : 0;
    int last = directory.planar() ? plane + 1 : kept;
    int to = (y * directory.width() + left) * kept;
    int count = Math.min(directory.cells().width(), directory.width() - left);
    int scale = directory.palette() != null || bits >= 8 ? 1 : 255 / ((1 << bits) - 1);
    int upper = bits == 16 && !directory.big() ? 1 : 0;
    for (int x = 0, o = to; x < count; x++, o += kept) {
      for (int sample = first; sample < last; sample++) {
        int at = x * step + sample - first;
        if (bits >= 8) {
          samples[o + sample] = cell[row + at * (bits / 8) + upper];
        } else {
          long bit = (long) at * bits;
          int shift = 8 - bits - (int) (bit % 8);
          int value = cell[row + (int) (bit / 8)] >> shift & (1 << bits) - 1;
          samples[o + sample] = (byte) (value * scale);
        }
      }
    }
  }

  private RgbView colors() {
    switch (directory.colors()) {
      case WHITE_IS_ZERO -> invert();
      case PALETTE -> {
        return RgbView.interleaved(directory.width(), directory.height(), looked());
      }
      case CMYK -> {
        invert();
        JpegColors.removeBlack(samples);
      }
      default -> {
        if (directory.premultiplied()) {
          divideByAlpha();
        }
      }
    }
    int other = kept < 3 ? 0 : 1;
    return new RgbView(
        directory.width(),
        directory.height(),
        samples,
        0,
        kept,
        kept * directory.width(),
        0,
        other,
        2 * other);
  }

  private void invert() {
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) ~samples[i];
    }
  }

  /** The palette's colors, of which Pillow takes the upper 8 of 16 bits. */
  private byte[] looked() {
    int size = 1 << directory.bits();
    byte[] palette = new byte[3 * size];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = (byte) (directory.palette().value((long) i % 3 * size + i / 3) >> 8);
    }
    byte[] rgb = new byte[Math.multiplyExact(3, samples.length)];
    for (int i = 0; i < samples.length; i++) {
      System.arraycopy(palette, 3 * (samples[i] & 0xFF), rgb, 3 * i, 3);
    }
    return rgb;
  }

  /** As Pillow unpacks its mode {@code RGBa}. */
  private void divideByAlpha() {
    for (int i = 0; i < samples.length; i += 4) {
      int alpha = samples[i + 3] & 0xFF;
      for (int c = i; c < i + 3; c++) {
        samples[c] = alpha == 0 ? 0 : (byte) Math.min(255, (samples[c] & 0xFF) * 255 / alpha);
      }
    }
  }
}
