package io.gripstream.clip.pixels;

import java.util.zip.DataFormatException;

/**
 * Unpacks LZW as TIFF has it (TIFF 6.0, section 13): codes of 9 to 12 bits, the highest first, that
 * grow one code early. A string of the table is a stretch of what has been unpacked already, so
 * that the table costs the same whatever the codes.
 */
final class TiffLzw {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int FIRST = 258;
  private static final int MOST = 1 << 12;

  private final int[] starts = new int[MOST];
  private final int[] lengths = new int[MOST];

  /**
   * @param end of the codes in the source
   * @return how many of the wanted bytes there are
   */
  int unpack(byte[] source, int start, int end, byte[] out, int wanted) throws DataFormatException {
    int next = FIRST;
    int width = 9;
    int before = -1;
    int made = 0;
    int at = start;
    int held = 0;
    int bits = 0;
    while (made < wanted) {
      for (; bits < width; bits += 8) {
        if (at == end) {
          return made;
        }
        held = held << 8 | source[at++] & 0xFF;
      }
      int code = held >>> bits - width & (1 << width) - 1;
      bits -= width;
      if (code == END) {
        return made;
      }
      if (code == CLEAR) {
        next = FIRST;
        width = 9;
        before = -1;
        continue;
      }
      // What was before, and the first byte of what comes now, is a new string.
      if (before >= 0 && next < MOST) {
        starts[next] = before;
        lengths[next] = made - before + 1;
        next++;
        width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
      }
      before = made;
      if (code < CLEAR) {
        out[made++] = (byte) code;
      } else if (code < next) {
        int to = Math.min(wanted, made + lengths[code]);
        for (int from = starts[code]; made < to; made++, from++) {
          out[made] = out[from];
        }
      } else {
        throw new DataFormatException("LZW code of no string");
      }
    }
    return made;
  }
}
