package io.gripstream.image;

import org.apache.kafka.common.errors.RetriableException;

/**
 * The place of an image does not answer now, or not to this process, as far as one request tells.
 * The image must wait and not become a dead letter; hence a {@link RetriableException}. Whether it
 * is the image that fails, {@link ObjectFailures} tells.
 */
public final class PlaceUnavailableException extends RetriableException {
  private static final long serialVersionUID = 1L;

  PlaceUnavailableException(String reason) {
    super(reason);
  }
}
