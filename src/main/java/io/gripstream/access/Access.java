package io.gripstream.access;

import io.gripstream.GripstreamConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Who gets in: those with a key or, where nobody else can come, everybody. */
public final class Access {
  private final List<Key> keys;

  private Access(List<Key> keys) {
    this.keys = keys;
  }

  /**
   * @param host what the server listens on, a name or an address
   * @throws IllegalArgumentException in one line, when the file of keys is not as it must be, or
   *     when strangers would get in and nobody has said that they may
   */
  public static Access of(GripstreamConfig.Access config, String host) {
    if (config.keys().isPresent()) {
      if (config.open()) {
        throw new IllegalArgumentException(
            "gripstream.access.open lets everybody in, and gripstream.access.keys does not: set one"
                + " of them");
      }
      return new Access(read(config.keys().get()));
    }
    if (!config.open() && !isLoopback(host)) {
      throw new IllegalArgumentException(
          ("%s can be reached from other machines, and nobody needs a key: make one with"
                  + " ./gripstream keys create and name the file in gripstream.access.keys, or set"
                  + " gripstream.access.open=true")
              .formatted(host));
    }
    return new Access(List.of());
  }

  /** Whether everybody may do everything. */
  public boolean open() {
    return keys.isEmpty();
  }

  /** The key that the secret is. It takes as long whichever it is, and when it is none. */
  public Optional<Key> find(String secret) {
    String digest = Key.digest(secret);
    Key found = null;
    for (Key key : keys) {
      if (key.hasDigest(digest)) {
        found = key;
      }
    }
    return Optional.ofNullable(found);
  }

  private static List<Key> read(Path file) {
    List<Key> keys = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      // Editors of Windows begin UTF-8 with a mark.
      String line = (i == 0 ? lines.get(i).replace("\uFEFF", "") : lines.get(i)).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        Key key = Key.parse(line);
        if (!seen.add(key.name()) | !seen.add(key.sha256())) {
          throw new IllegalArgumentException("this name, or this key, has a line above");
        }
        keys.add(key);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s, line %d: %s".formatted(file, i + 1, e.getMessage()), e);
      }
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("%s holds no key: nobody could get in".formatted(file));
    }
    return List.copyOf(keys);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no file of keys %s".formatted(file), e);
    } catch (IOException e) {
      throw new IllegalArgumentException("the file of keys %s cannot be read".formatted(file), e);
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      // Nothing can listen on it; the server will say so.
      return false;
    }
  }
}
