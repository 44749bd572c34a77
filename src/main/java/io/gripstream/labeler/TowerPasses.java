package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.FloatTensor;
import io.gripstream.image.ImageReader.Image;
import io.gripstream.labeler.PromptBoard.Served;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Runs the image tower over a micro-batch: once without a prompt, for all images, and once behind
 * each visual prompt, for the images that are meant for its tasks. So text-prompted tasks cost one
 * pass together, however many they are, and each visual prompt costs one of its own.
 *
 * <p>Where the tower computes on the processors, a pass runs in two halves at a time: while the
 * engine's threads wait for each other in one, they have work in the other. Where it has a device
 * of its own, passes without a prompt may {@linkplain #begin begin} before their images' turn,
 * whatever the prompts will be then, and go on while others are written and committed.
 */
final class TowerPasses {
  private static final Logger LOG = Logger.getLogger(TowerPasses.class);

  /** Smaller halves are not worth the second call. */
  private static final int SMALLEST_HALF = 4;

  private final ClipModel model;
  private final Executor lane;
  private final LabelerMetrics metrics;

  /**
   * @param lane runs the other half, or the passes that begin early; the caller's to end
   */
  TowerPasses(ClipModel model, Executor lane, LabelerMetrics metrics) {
    this.model = model;
    this.lane = lane;
    this.metrics = metrics;
  }

  /**
   * An image, and the tasks that it is meant for.
   *
   * @param plain its feature, if a pass for it has begun; empty in the end: it needs one
   */
  record Input(byte[] pixels, List<Served> tasks, CompletableFuture<Optional<Feature>> plain) {
    /** No pass has begun for it. */
    Input(byte[] pixels, List<Served> tasks) {
      this(pixels, tasks, CompletableFuture.completedFuture(Optional.empty()));
    }
  }

  /** An image on its way to its pixels and to its feature. */
  record Early(CompletableFuture<Image> image, CompletableFuture<Optional<Feature>> plain) {
    /** For {@link #begin}. */
    static Early begun(CompletableFuture<Image> image) {
      return new Early(image, new CompletableFuture<>());
    }

    /** No pass is to begin before its turn. */
    static Early none(CompletableFuture<Image> image) {
      return new Early(image, CompletableFuture.completedFuture(Optional.empty()));
    }

    /** Whether its pass is still to begin. */
    boolean isNone() {
      return plain.isDone() && plain.join().isEmpty();
    }
  }

  /** One image's feature: a row of {@code [N, D]}. */
  record Feature(FloatTensor features, int row) {}

  /**
   * What came of an image.
   *
   * @param plain its feature without any visual prompt
   * @param prefixed its feature behind each visual prompt of its tasks
   */
  record Features(Feature plain, Map<Prefix, Feature> prefixed) {

    /** What a prompt's class features go with. */
    Feature of(LivePrompt prompt) {
      return prompt.prefix().map(prefixed::get).orElse(plain);
    }
  }

  /** Begins a pass without a prompt over images that are being read. */
  void begin(List<Early> images) {
    lane.execute(
        () -> {
          try {
            runEarly(images);
          } catch (RuntimeException e) {
            // The pass is run again when it is the images' turn, and who fails then is told.
            LOG.debugf(e, "a pass for %d images failed before their turn", images.size());
          } finally {
            images.forEach(image -> image.plain().complete(Optional.empty()));
          }
        });
  }

  private void runEarly(List<Early> images) {
    List<Early> read = new ArrayList<>();
    List<byte[]> pixels = new ArrayList<>();
    for (Early image : images) {
      try {
        pixels.add(image.image().get().pixels());
        read.add(image);
      } catch (ExecutionException e) {
        // It is refused when it is its turn.
        LOG.debugf("no pass for an image: %s", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    if (!read.isEmpty()) {
      List<Feature> features = plain(pixels);
      for (int i = 0; i < read.size(); i++) {
        read.get(i).plain().complete(Optional.of(features.get(i)));
      }
    }
  }

  private List<Feature> plain(List<byte[]> pixels) {
    List<Feature> features = pass(pixels, model::encodeImages);
    metrics.plain.count(pixels.size());
    return features;
  }

  /** The features of every image, in order; at least one image. */
  List<Features> encode(List<Input> images) {
    List<Optional<Feature>> early = images.stream().map(image -> image.plain().join()).toList();
    List<byte[]> due = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      if (early.get(i).isEmpty()) {
        due.add(images.get(i).pixels());
      }
    }
    Iterator<Feature> now = due.isEmpty() ? Collections.emptyIterator() : plain(due).iterator();
    List<Features> features = new ArrayList<>();
    for (Optional<Feature> plain : early) {
      features.add(new Features(plain.orElseGet(now::next), new HashMap<>()));
    }
    // By value: tasks whose prompts have the same prefix share a pass.
    Map<Prefix, List<Integer>> passes = new LinkedHashMap<>();
    for (int i = 0; i < images.size(); i++) {
      int image = i;
      images.get(i).tasks().stream()
          .flatMap(task -> task.prompt().prefix().stream())
          .distinct()
          .forEach(prefix -> passes.computeIfAbsent(prefix, any -> new ArrayList<>()).add(image));
    }
    passes.forEach(
        (prefix, chosen) -> {
          List<Feature> prefixed =
              pass(
                  chosen.stream().map(image -> images.get(image).pixels()).toList(),
                  pixels -> model.encodeImages(pixels, prefix.vectors()));
          metrics.prefixed.count(chosen.size());
          for (int row = 0; row < chosen.size(); row++) {
            features.get(chosen.get(row)).prefixed().put(prefix, prefixed.get(row));
          }
        });
    return features;
  }

  private List<Feature> pass(List<byte[]> pixels, Function<List<byte[]>, FloatTensor> encoder) {
    return metrics.tower.record(() -> run(pixels, encoder));
  }

  private List<Feature> run(List<byte[]> pixels, Function<List<byte[]>, FloatTensor> encoder) {
    int half = pixels.size() / 2;
    if (!model.sharesProcessors() || half < SMALLEST_HALF) {
      return rows(encoder.apply(pixels));
    }
    CompletableFuture<FloatTensor> first =
        CompletableFuture.supplyAsync(() -> encoder.apply(pixels.subList(0, half)), lane);
    List<Feature> second;
    try {
      second = rows(encoder.apply(pixels.subList(half, pixels.size())));
    } finally {
      // The model may be closed when this returns, so nothing may be running in it.
      first.handle((features, failure) -> null).join();
    }
    List<Feature> all = rows(first.join());
    all.addAll(second);
    return all;
  }

  private static List<Feature> rows(FloatTensor features) {
    List<Feature> rows = new ArrayList<>();
    for (int row = 0; row < features.rows(); row++) {
      rows.add(new Feature(features, row));
    }
    return rows;
  }
}
