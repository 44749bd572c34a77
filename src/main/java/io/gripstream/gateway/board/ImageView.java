package io.gripstream.gateway.board;

import io.gripstream.event.ImageReference;

/** Where an image can be read again. */
public record ImageView(int partition, long offset, String uri, String sha256) {
  /** The reference of a record, as the API shows it. */
  public static ImageView of(ImageReference reference) {
    return new ImageView(
        reference.getPartition(), reference.getOffset(), reference.getUri(), reference.getSha256());
  }
}
