package io.gripstream.curator;

import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.BytesSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The state, the definition, the versions and the last commands' keys of each task, in one store.
 *
 * <p>Of a task's versions the last {@value Versions#KEPT} stay, and whichever the rules say must.
 * They are kept here rather than read from {@code candidates} when one is wanted: a version that
 * was judged is then there in the same transaction, and a command is obeyed or refused at once.
 */
final class TaskStore {
  private static final byte STATE = 0;
  private static final byte DEFINITION = 1;
  private static final byte VERSION = 2;
  private static final byte COMMANDS = 3;
  private static final byte HANDED_OUT = 4;
  private static final byte REWRITTEN = 5;

  private final KeyValueStore<Bytes, byte[]> store;
  private final Encoding<TaskDefinition> definitions;
  private final Encoding<PromptVersion> prompts;

  TaskStore(
      KeyValueStore<Bytes, byte[]> store,
      Encoding<TaskDefinition> definitions,
      Encoding<PromptVersion> prompts) {
    this.store = store;
    this.definitions = definitions;
    this.prompts = prompts;
  }

  /** {@link TaskState#NEW} for a task that nothing is known of. */
  TaskState state(String task) {
    byte[] saved = store.get(Keys.of(STATE, task));
    return saved == null
        ? TaskState.NEW
        : TaskStateCodec.decode(
            saved,
            version ->
                versions(task)
                    .find(version)
                    .map(known -> Prompts.zeroShot(known.prompt()))
                    .orElse(false));
  }

  void state(String task, TaskState state) {
    store.put(Keys.of(STATE, task), TaskStateCodec.encode(state));
  }

  /** Null when the task has none. */
  TaskDefinition definition(String task) {
    byte[] saved = store.get(Keys.of(DEFINITION, task));
    return saved == null ? null : definitions.decode(saved);
  }

  /**
   * @param definition null: it has none any more
   */
  void definition(String task, TaskDefinition definition) {
    store.put(
        Keys.of(DEFINITION, task), definition == null ? null : definitions.encode(definition));
  }

  /** How often {@link StandingDefinitions} has written of the task, ended or not. */
  int rewritten(String task) {
    byte[] saved = store.get(Keys.of(REWRITTEN, task));
    return saved == null ? 0 : ByteBuffer.wrap(saved).getInt();
  }

  void rewritten(String task, int times) {
    store.put(Keys.of(REWRITTEN, task), ByteBuffer.allocate(Integer.BYTES).putInt(times).array());
  }

  /** What the last commands that had a key asked for, by key, oldest first. */
  LinkedHashMap<String, String> commands(String task) {
    LinkedHashMap<String, String> commands = new LinkedHashMap<>();
    byte[] saved = store.get(Keys.of(COMMANDS, task));
    if (saved != null) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(saved))) {
        for (int left = in.readInt(); left > 0; left--) {
          commands.put(in.readUTF(), in.readUTF());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return commands;
  }

  /**
   * @param commands empty: none is known any more
   */
  void commands(String task, Map<String, String> commands) {
    if (commands.isEmpty()) {
      store.delete(Keys.of(COMMANDS, task));
      return;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(commands.size());
      for (Map.Entry<String, String> command : commands.entrySet()) {
        out.writeUTF(command.getKey());
        out.writeUTF(command.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    store.put(Keys.of(COMMANDS, task), bytes.toByteArray());
  }

  Versions versions(String task) {
    return new Stored(task);
  }

  private final class Stored implements Versions {
    private final String task;

    private Stored(String task) {
      this.task = task;
    }

    @Override
    public Optional<Known> find(int version) {
      return Optional.ofNullable(store.get(Keys.of(VERSION, task, version))).map(this::decode);
    }

    @Override
    public OptionalInt handedOutTo(int version) {
      byte[] round = version < 0 ? null : store.get(Keys.of(HANDED_OUT, task, version));
      return round == null ? OptionalInt.empty() : OptionalInt.of(ByteBuffer.wrap(round).getInt());
    }

    @Override
    public void handOut(int version, int round) {
      store.put(
          Keys.of(HANDED_OUT, task, version),
          ByteBuffer.allocate(Integer.BYTES).putInt(round).array());
      if (version >= REMEMBERED) {
        store.delete(Keys.of(HANDED_OUT, task, version - REMEMBERED));
      }
    }

    @Override
    public List<Known> all() {
      List<Known> all = new ArrayList<>();
      try (KeyValueIterator<Bytes, byte[]> saved = scan(VERSION)) {
        saved.forEachRemaining(entry -> all.add(decode(entry.value)));
      }
      return all;
    }

    @Override
    public void keep(Known known, Predicate<PromptVersion> mustStay) {
      byte[] prompt = prompts.encode(known.prompt());
      store.put(
          Keys.of(VERSION, task, known.prompt().getVersion()),
          ByteBuffer.allocate(Long.BYTES + prompt.length)
              .putLong(known.servedAt())
              .put(prompt)
              .array());
      int surplus = count() - KEPT;
      if (surplus > 0) {
        try (KeyValueIterator<Bytes, byte[]> oldest = scan(VERSION)) {
          while (surplus > 0 && oldest.hasNext()) {
            var entry = oldest.next();
            if (!mustStay.test(decode(entry.value).prompt())) {
              store.delete(entry.key);
              surplus--;
            }
          }
        }
      }
    }

    @Override
    public void retain(Predicate<PromptVersion> stay) {
      try (KeyValueIterator<Bytes, byte[]> saved = scan(VERSION)) {
        while (saved.hasNext()) {
          var entry = saved.next();
          if (!stay.test(decode(entry.value).prompt())) {
            store.delete(entry.key);
          }
        }
      }
    }

    private int count() {
      int count = 0;
      try (KeyValueIterator<Bytes, byte[]> saved = scan(VERSION)) {
        while (saved.hasNext()) {
          saved.next();
          count++;
        }
      }
      return count;
    }

    private KeyValueIterator<Bytes, byte[]> scan(byte kind) {
      return store.prefixScan(Keys.of(kind, task), new BytesSerializer());
    }

    private Known decode(byte[] saved) {
      ByteBuffer buffer = ByteBuffer.wrap(saved);
      long servedAt = buffer.getLong();
      byte[] prompt = new byte[buffer.remaining()];
      buffer.get(prompt);
      return new Known(prompts.decode(prompt), servedAt);
    }
  }
}
