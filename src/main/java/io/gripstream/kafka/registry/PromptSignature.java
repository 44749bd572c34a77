package io.gripstream.kafka.registry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Ed25519 signatures (RFC 8032) of records of {@code prompts}: the header {@value #HEADER} holds 64
 * bytes over the record's value. The value names its task, so that it cannot pass for another's; a
 * signed prompt of before can be sent again by whoever may write to the topic.
 */
public final class PromptSignature {
  public static final String HEADER = "ed25519";

  private static final String ALGORITHM = "Ed25519";
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN (PRIVATE|PUBLIC) KEY-----([^-]*)-----END \\1 KEY-----");

  private PromptSignature() {}

  /** Signs what it serializes. */
  public static final class Signer {
    private final PrivateKey key;

    /**
     * @param file PEM, with one private key
     * @throws IllegalArgumentException when it holds none; the message names the file
     */
    public Signer(Path file) {
      List<PrivateKey> keys =
          keys(
              file,
              "PRIVATE",
              bytes -> generate(f -> f.generatePrivate(spec(bytes)), file, "private"));
      if (keys.size() != 1) {
        throw new IllegalArgumentException(
            "%s has %d private keys where one is due".formatted(file, keys.size()));
      }
      this.key = keys.get(0);
    }

    private static KeySpec spec(byte[] bytes) {
      return new PKCS8EncodedKeySpec(bytes);
    }

    /** The same serializer, which also signs. It must be given the record's headers. */
    public <T> Serializer<T> signing(Serializer<T> serializer) {
      return new Serializer<>() {
        @Override
        public byte[] serialize(String topic, T value) {
          throw new UnsupportedOperationException("a signature needs the record's headers");
        }

        @Override
        public byte[] serialize(String topic, Headers headers, T value) {
          byte[] bytes = serializer.serialize(topic, headers, value);
          headers.remove(HEADER);
          if (bytes != null) {
            headers.add(HEADER, sign(bytes));
          }
          return bytes;
        }
      };
    }

    byte[] sign(byte[] value) {
      try {
        Signature signature = Signature.getInstance(ALGORITHM);
        signature.initSign(key);
        signature.update(value);
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java platform has Ed25519", e);
      }
    }
  }

  /** Says whether a record was signed with one of some keys. */
  public static final class Verifier {
    private final List<PublicKey> keys;

    /**
     * @param file PEM, with one public key or, while keys are changed, several
     * @throws IllegalArgumentException when it holds none; the message names the file
     */
    public Verifier(Path file) {
      keys =
          keys(
              file,
              "PUBLIC",
              bytes ->
                  generate(f -> f.generatePublic(new X509EncodedKeySpec(bytes)), file, "public"));
      if (keys.isEmpty()) {
        throw new IllegalArgumentException("%s has no public key".formatted(file));
      }
    }

    /** What is wrong with the signature; empty: one of the keys has signed the value. */
    public Optional<String> fault(Headers headers, byte[] value) {
      Header header = headers.lastHeader(HEADER);
      if (header == null || header.value() == null) {
        return Optional.of("it is not signed");
      }
      return keys.stream().anyMatch(key -> signed(key, header.value(), value))
          ? Optional.empty()
          : Optional.of("its signature is not the curator's");
    }

    private static boolean signed(PublicKey key, byte[] signature, byte[] value) {
      try {
        Signature verification = Signature.getInstance(ALGORITHM);
        verification.initVerify(key);
        verification.update(value);
        return verification.verify(signature);
      } catch (GeneralSecurityException e) {
        // A signature of another length or form is a wrong one like any other.
        return false;
      }
    }
  }

  @FunctionalInterface
  private interface Generator<K> {
    K generate(KeyFactory factory) throws InvalidKeySpecException;
  }

  private static <K> K generate(Generator<K> generator, Path file, String kind) {
    try {
      return generator.generate(KeyFactory.getInstance(ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "%s holds a %s key that is not an Ed25519 one".formatted(file, kind), e);
    }
  }

  private static <K> List<K> keys(Path file, String kind, Function<byte[], K> decoder) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException("the key file %s cannot be read: %s".formatted(file, e));
    }
    List<K> keys = new ArrayList<>();
    Matcher blocks = PEM.matcher(text);
    while (blocks.find()) {
      if (blocks.group(1).equals(kind)) {
        try {
          keys.add(decoder.apply(Base64.getMimeDecoder().decode(blocks.group(2))));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
      }
    }
    return keys;
  }
}
