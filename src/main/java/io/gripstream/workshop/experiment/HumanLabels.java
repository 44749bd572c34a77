package io.gripstream.workshop.experiment;

import io.gripstream.event.Paradigm;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What people are taken to have labelled, as a paradigm says (Menghini et al., NeurIPS 2023,
 * section 3.1).
 *
 * @param labelled {@code [N]}, whether a pool image has its label
 * @param unseen {@code [C]}, classes that nobody labelled though others are; all false but for
 *     TRZSL
 */
record HumanLabels(boolean[] labelled, boolean[] unseen) {
  private static final long LABELLING = 4;
  private static final long HIDING = 5;

  /**
   * @param perClass how many images of each class are labelled for SSL
   * @param unseenShare the share of classes without labels for TRZSL
   * @throws ExperimentException when a class has fewer images than people label
   */
  static HumanLabels of(
      Paradigm paradigm,
      List<Picture> pool,
      List<String> classes,
      int perClass,
      double unseenShare,
      long seed) {
    return switch (paradigm) {
      case UL -> new HumanLabels(new boolean[pool.size()], new boolean[classes.size()]);
      case SSL -> some(pool, classes, perClass, Split.random(seed, LABELLING));
      case TRZSL -> seen(pool, classes, unseenShare, Split.random(seed, HIDING));
      case AUTO -> throw new IllegalArgumentException("an experiment has a paradigm of its own");
    };
  }

  private static HumanLabels some(
      List<Picture> pool, List<String> classes, int perClass, Random random) {
    boolean[] labelled = new boolean[pool.size()];
    int[] count = new int[classes.size()];
    for (int i : Split.order(pool.size(), random)) {
      int label = pool.get(i).label();
      if (count[label] < perClass) {
        count[label]++;
        labelled[i] = true;
      }
    }
    for (int j = 0; j < count.length; j++) {
      if (count[j] < perClass) {
        throw new ExperimentException(
            "the pool has %d images of %s, and %d shall be labelled: raise --pool"
                .formatted(count[j], classes.get(j), perClass));
      }
    }
    return new HumanLabels(labelled, new boolean[classes.size()]);
  }

  private static HumanLabels seen(
      List<Picture> pool, List<String> classes, double unseenShare, Random random) {
    int hidden =
        Math.max(1, Math.min(classes.size() - 1, (int) Math.round(unseenShare * classes.size())));
    boolean[] unseen = new boolean[classes.size()];
    Split.order(classes.size(), random).subList(0, hidden).forEach(j -> unseen[j] = true);
    boolean[] labelled = new boolean[pool.size()];
    for (int i = 0; i < labelled.length; i++) {
      labelled[i] = !unseen[pool.get(i).label()];
    }
    return new HumanLabels(labelled, unseen);
  }

  int count() {
    int count = 0;
    for (boolean each : labelled) {
      count += each ? 1 : 0;
    }
    return count;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HumanLabels that
        && Arrays.equals(labelled, that.labelled)
        && Arrays.equals(unseen, that.unseen);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(labelled) + Arrays.hashCode(unseen);
  }

  @Override
  public String toString() {
    return "HumanLabels[" + count() + " of " + labelled.length + "]";
  }
}
