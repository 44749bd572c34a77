package io.gripstream.access;

import io.gripstream.clip.Digests;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A key as the service knows it: it cannot be told from this what its owner sends.
 *
 * @param name whose it is
 * @param sha256 of the key's UTF-8 bytes, 64 hexadecimal digits
 */
public record Key(String name, KeyRole role, String sha256) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Set<String> OF_NOTHING = Set.of(digest(""), digest("\n"), digest("\r\n"));
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Nobody guesses so many, and their digest needs no salt. */
  private static final int RANDOM_BYTES = 32;

  /**
   * @throws IllegalArgumentException that says what is wrong, and never what was given as digest:
   *     it may be the key itself, by mistake
   */
  public Key {
    sha256 = sha256.toLowerCase(Locale.ROOT);
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a name has at most 64 letters, digits, dots, hyphens and underscores");
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("a SHA-256 has 64 hexadecimal digits");
    }
    // Somebody took it of a variable that was not set; an empty password would get in.
    if (OF_NOTHING.contains(sha256)) {
      throw new IllegalArgumentException("this is the SHA-256 of no key at all");
    }
  }

  /** A secret that was never there before, for URLs and headers as it is. */
  public static String secret() {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  /** The key that such a secret is. */
  public static Key of(String name, KeyRole role, String secret) {
    return new Key(name, role, digest(secret));
  }

  /**
   * @param line {@code name role sha256}
   * @throws IllegalArgumentException that says what is wrong
   */
  static Key parse(String line) {
    String[] words = line.strip().split("\\s+");
    if (words.length != 3) {
      throw new IllegalArgumentException("expected: name role sha256-of-the-key");
    }
    KeyRole role =
        KeyRole.of(words[1])
            .orElseThrow(
                () -> new IllegalArgumentException("a role is viewer, labeller or operator"));
    return new Key(words[0], role, words[2]);
  }

  /** The key's line in a file of keys. */
  public String line() {
    return "%s %s %s".formatted(name, role.word(), sha256);
  }

  /** How long this takes tells nothing of the digests that are compared. */
  boolean hasDigest(String other) {
    return MessageDigest.isEqual(
        sha256.getBytes(StandardCharsets.US_ASCII), other.getBytes(StandardCharsets.US_ASCII));
  }

  static String digest(String secret) {
    return Digests.sha256(secret.getBytes(StandardCharsets.UTF_8));
  }
}
