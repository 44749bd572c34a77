package io.gripstream.clip.pixels;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Reads numbers from a file's bytes; whatever lies outside is an {@link IndexOutOfBoundsException}.
 */
public record Bytes(byte[] array) {
  int length() {
    return array.length;
  }

  int at(int offset) {
    return array[offset] & 0xFF;
  }

  int bigShort(int offset) {
    return at(offset) << 8 | at(offset + 1);
  }

  int littleShort(int offset) {
    return at(offset) | at(offset + 1) << 8;
  }

  int bigInt(int offset) {
    return bigShort(offset) << 16 | bigShort(offset + 2);
  }

  int littleInt(int offset) {
    return littleShort(offset) | littleShort(offset + 2) << 16;
  }

  /** Whether the characters, each one byte, stand at the offset. */
  boolean startWith(int offset, String latin) {
    if (offset + latin.length() > array.length) {
      return false;
    }
    for (int i = 0; i < latin.length(); i++) {
      if (at(offset + i) != latin.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Characters as bytes, one each. */
  static byte[] ofLatin(String latin) {
    return latin.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Bytes as characters. */
  String latin(int offset, int length) {
    Objects.checkFromIndexSize(offset, length, array.length);
    return new String(array, offset, length, StandardCharsets.ISO_8859_1);
  }
}
