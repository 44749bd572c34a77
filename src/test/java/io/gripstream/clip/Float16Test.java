package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class Float16Test {
  private static final int INFINITY = 0x7c00;

  @Test
  void knownValuesHaveTheirKnownBits() {
    assertThat(bits(0f)).isEqualTo(0x0000);
    assertThat(bits(-0f)).isEqualTo(0x8000);
    assertThat(bits(1f)).isEqualTo(0x3c00);
    assertThat(bits(-2f)).isEqualTo(0xc000);
    assertThat(bits(0.1f)).isEqualTo(0x2e66);
    assertThat(bits(1f / 3f)).isEqualTo(0x3555);
    assertThat(bits(65504f)).isEqualTo(0x7bff);
    assertThat(bits(0x1p-14f)).isEqualTo(0x0400);
    assertThat(bits(0x1p-24f)).isEqualTo(0x0001);
    assertThat(bits(0x3ffp-24f)).isEqualTo(0x03ff);
  }

  @Test
  void whatIsTooLargeIsInfiniteAndWhatIsTooSmallIsZero() {
    assertThat(bits(Math.nextDown(65520f))).isEqualTo(0x7bff);
    assertThat(bits(65520f)).isEqualTo(INFINITY);
    assertThat(bits(Float.MAX_VALUE)).isEqualTo(INFINITY);
    assertThat(bits(Float.NEGATIVE_INFINITY)).isEqualTo(0x8000 | INFINITY);
    assertThat(bits(0x1p-25f)).isZero();
    assertThat(bits(Math.nextUp(0x1p-25f))).isEqualTo(1);
    assertThat(bits(Float.MIN_VALUE)).isZero();
    assertThat(bits(-Float.MIN_VALUE)).isEqualTo(0x8000);
  }

  @Test
  void everyHalfSurvivesTheWayThroughAFloat() {
    for (int half = 0; half < 1 << 16; half++) {
      float value = Float16.toFloat((short) half);
      boolean notANumber = (half & 0x7fff) > INFINITY;
      assertThat(Float.isNaN(value)).isEqualTo(notANumber);
      if (notANumber) {
        assertThat(bits(value) & 0x7fff).isGreaterThan(INFINITY);
      } else {
        assertThat(bits(value)).isEqualTo(half);
      }
    }
  }

  @Test
  void betweenTwoHalvesTheNearerOneIsTakenAndTheEvenOneFromTheMiddle() {
    for (int lower = 0; lower < INFINITY - 1; lower++) {
      float middle = (Float16.toFloat((short) lower) + Float16.toFloat((short) (lower + 1))) / 2;
      int even = lower % 2 == 0 ? lower : lower + 1;
      assertThat(bits(Math.nextDown(middle))).isEqualTo(lower);
      assertThat(bits(middle)).isEqualTo(even);
      assertThat(bits(Math.nextUp(middle))).isEqualTo(lower + 1);
      assertThat(bits(-middle)).isEqualTo(0x8000 | even);
    }
  }

  @Test
  void valuesAreWrittenInOrderLowByteFirst() {
    assertThat(Float16.encode(new float[] {1f, -2f})).containsExactly(0x00, 0x3c, 0x00, 0xc0);
    assertThat(Float16.decode(new byte[] {0x00, 0x3c, 0x00, (byte) 0xc0})).containsExactly(1f, -2f);
    assertThat(Float16.decode(Float16.encode(new float[0]))).isEmpty();
  }

  @Test
  void aBufferIsReadWithoutBeingMovedOrTurned() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {9, 0x00, 0x3c}).position(1);
    assertThat(Float16.decode(bytes)).containsExactly(1f);
    assertThat(bytes.position()).isEqualTo(1);
    assertThat(bytes.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
  }

  @Test
  void anOddNumberOfBytesIsRefused() {
    assertThatThrownBy(() -> Float16.decode(new byte[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 bytes");
  }

  private static int bits(float value) {
    return Float16.toBits(value) & 0xffff;
  }
}
