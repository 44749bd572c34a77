package io.gripstream.image;

import java.util.Locale;

/** Why an image that was seen once cannot be read again. */
enum Gone {
  /** Retention has removed its record. */
  EXPIRED,
  /** There is no record in its place, or one without a value. */
  MISSING,
  /** Its place is not allowed, or does not give it. */
  UNREADABLE,
  /** There is another image in its place. */
  CHANGED,
  /** What is in its place is no image event, or no image. */
  UNDECODABLE;

  /** As metrics and logs name it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
