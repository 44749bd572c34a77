package io.gripstream.curator;

import io.gripstream.curator.TaskState.Flight;
import io.gripstream.curator.TaskState.Live;
import io.gripstream.curator.TaskState.Service;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.IntPredicate;

/**
 * {@link TaskState} as bytes; the first one is the format, so that later ones can read earlier
 * ones. Format 1 knew no service, no calibrations and no changes of the stream.
 */
final class TaskStateCodec {
  private static final int FIRST = 1;
  private static final int FORMAT = 2;

  private TaskStateCodec() {}

  static byte[] encode(TaskState state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORMAT);
      out.writeBoolean(state.pinned());
      out.writeBoolean(state.paused());
      out.writeInt(state.rounds());
      out.writeInt(state.nextVersion());
      out.writeLong(state.arrived());
      out.writeBoolean(state.live() != null);
      if (state.live() != null) {
        out.writeInt(state.live().version());
        out.writeUTF(state.live().digest());
        out.writeUTF(state.live().modelId());
        out.writeInt(state.live().dimension());
        out.writeBoolean(state.live().fits());
      }
      out.writeBoolean(state.flight() != null);
      if (state.flight() != null) {
        out.writeInt(state.flight().round());
        out.writeInt(state.flight().version());
        out.writeLong(state.flight().heard());
      }
      out.writeBoolean(state.live() != null && state.live().zeroShot());
      out.writeLong(state.service().samples());
      out.writeLong(state.service().calibrated());
      out.writeInt(state.service().predecessor());
      out.writeInt(state.calibrations());
      out.writeInt(state.changed());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * @param zeroShot whether nothing was tuned in a version, which the first format did not say
   * @throws IllegalArgumentException when the bytes are of a format that is not known here
   */
  static TaskState decode(byte[] bytes, IntPredicate zeroShot) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int format = in.readByte();
      if (format < FIRST || format > FORMAT) {
        throw new IllegalArgumentException("task state of format %d".formatted(format));
      }
      boolean pinned = in.readBoolean();
      boolean paused = in.readBoolean();
      int rounds = in.readInt();
      int nextVersion = in.readInt();
      long arrived = in.readLong();
      Live live =
          in.readBoolean()
              ? new Live(
                  in.readInt(), in.readUTF(), in.readUTF(), in.readInt(), in.readBoolean(), false)
              : null;
      Flight flight =
          in.readBoolean() ? new Flight(in.readInt(), in.readInt(), in.readLong()) : null;
      boolean first = format == FIRST;
      boolean plain = first ? live != null && zeroShot.test(live.version()) : in.readBoolean();
      Service service =
          first ? Service.NEW : new Service(in.readLong(), in.readLong(), in.readInt());
      int calibrations = first ? 0 : in.readInt();
      int changed = first ? 0 : in.readInt();
      return new TaskState(
          live == null
              ? null
              : new Live(
                  live.version(),
                  live.digest(),
                  live.modelId(),
                  live.dimension(),
                  live.fits(),
                  plain),
          service,
          pinned,
          paused,
          rounds,
          calibrations,
          changed,
          nextVersion,
          arrived,
          flight);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
