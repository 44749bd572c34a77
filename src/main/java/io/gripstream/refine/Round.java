package io.gripstream.refine;

import io.gripstream.clip.FloatTensor;
import io.gripstream.clip.ImageTokens;
import io.gripstream.event.BatchSample;
import io.gripstream.event.ClassPriorKind;
import io.gripstream.event.Paradigm;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.TaskDefinition;
import io.gripstream.event.Training;
import io.gripstream.prompt.ClassTexts;
import io.gripstream.prompt.Prompt;
import io.gripstream.prompt.PromptTemplate;
import io.gripstream.prompt.Tensors;
import io.gripstream.refine.head.ClassBalance;
import io.gripstream.refine.head.Classifier;
import io.gripstream.refine.head.Metrics;
import io.gripstream.refine.head.NearDuplicates;
import io.gripstream.refine.head.Rows;
import io.gripstream.refine.head.Scores;
import io.gripstream.refine.judge.Evidence.Opinion;
import io.gripstream.refine.judge.PoolView;
import io.gripstream.refine.select.LabelEvidence;
import io.gripstream.refine.select.Strategy;
import io.gripstream.refine.train.RoundBatch;
import io.gripstream.refine.train.RoundData;
import io.gripstream.refine.train.RoundData.Use;
import io.gripstream.refine.train.Supervision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a round knows before it makes anything.
 *
 * @param samples of the batch, those that can be used, near-duplicates once
 * @param tokens of the samples; null where the round does without
 * @param view of zero-shot CLIP and of how the images lie
 * @param live {@code [N, C]}, the logits of the prompt that is live, at the model's own scale
 */
record Round(
    RoundBatch batch,
    List<BatchSample> samples,
    Paradigm paradigm,
    RoundData data,
    ImageTokens tokens,
    PoolView view,
    FloatTensor live) {

  /**
   * @param samples of the batch, those that can be used
   * @param tokens of the samples; null: the round does without; those of near-duplicates are
   *     forgotten
   * @param featureSize {@code D}
   * @param logitScale the model's own
   */
  static Round of(
      RoundBatch batch,
      List<BatchSample> samples,
      ImageTokens tokens,
      int featureSize,
      float logitScale) {
    PromptVersion base = batch.base();
    Paradigm paradigm =
        Paradigms.of(
            batch.definition(),
            samples.stream().map(BatchSample::getLabel).filter(label -> label != null).toList());
    RoundData data = RoundData.of(batch, samples, paradigm, featureSize);
    NearDuplicates.Distinct distinct =
        NearDuplicates.without(
            data.features(), batch.definition().getClasses().size(), data.labels());
    if (distinct.rows().length < data.size()) {
      data = data.only(distinct.rows());
      if (tokens != null) {
        tokens.keep(distinct.rows());
      }
    }
    Classifier zeroShot = new Classifier(Tensors.decode(base.getZeroShotFeatures()), logitScale);
    FloatTensor seen = features(data, tokens, Prompt.prefix(base), all(data));
    return new Round(
        batch,
        Rows.of(samples, distinct.rows()),
        paradigm,
        data,
        tokens,
        PoolView.of(data.features(), distinct.graph(), zeroShot),
        Classifier.of(base).withLogitScale(logitScale).logits(seen));
  }

  TaskDefinition definition() {
    return batch.definition();
  }

  Training training() {
    return batch.definition().getTraining();
  }

  /** What people's labels make of the round. */
  Supervision supervision() {
    return Supervision.of(definition(), paradigm, data);
  }

  ClassTexts texts() {
    return new ClassTexts(
        new PromptTemplate(definition().getTemplate()), definition().getClasses());
  }

  int classes() {
    return view.logits().columns();
  }

  /**
   * {@code [N, C]}: what the images are taken to be when pseudolabels are chosen: what zero-shot or
   * the live prompt says, its class bias mended as far as the images bear it out; where people
   * labelled, what the mixture says that holds their labels. Under equal shares, as in the paper,
   * the prompt's opinion stays as it is, but for what the labels of every class say of the images
   * near them.
   */
  FloatTensor teacher(Strategy.Teacher teacher) {
    Supervision supervision = supervision();
    if (supervision.mixtureTeaches()) {
      return supervision.mixture(view, view.pulled()).probabilities();
    }
    FloatTensor logits = teacher == Strategy.Teacher.LIVE ? live : view.logits();
    FloatTensor mended =
        balances() ? ClassBalance.added(logits, ClassBalance.pulled(logits, view.graph())) : logits;
    FloatTensor says = Scores.softmax(mended);
    return paradigm == Paradigm.SSL
        ? LabelEvidence.added(data.features(), says, data.trainingLabels())
        : says;
  }

  /** Whether the images may speak against equal shares and for a class bias. */
  boolean balances() {
    return training().getClassPrior() == ClassPriorKind.ESTIMATED;
  }

  /** {@code [rows, D]}, as a prompt sees these images. */
  FloatTensor features(Optional<FloatTensor> prefix, int[] rows) {
    return features(data, tokens, prefix, rows);
  }

  private static FloatTensor features(
      RoundData data, ImageTokens tokens, Optional<FloatTensor> prefix, int[] rows) {
    return prefix
        .map(vectors -> tokens.features(vectors, rows))
        .orElseGet(() -> Rows.of(data.features(), rows));
  }

  private static int[] all(RoundData data) {
    return IntStream.range(0, data.size()).toArray();
  }

  /** What the zero-shot prompt says of all images. */
  Opinion zeroShotSays() {
    return opinion(view.logits(), all(data), 1);
  }

  /** What the live prompt says of all images, as sure as it is live. */
  Opinion liveSays() {
    return opinion(live, all(data), batch.base().getLogitScale() / view.zeroShot().logitScale());
  }

  /** What the prompt says that was live before the live one, where that is to be judged. */
  Optional<Opinion> predecessorSays() {
    return batch.predecessor().map(prompt -> says(Classifier.of(prompt), Prompt.prefix(prompt)));
  }

  /**
   * What another prompt says: of all images where it sees them as they are, of the held-out ones
   * where each must be encoded again.
   */
  Opinion says(Classifier classifier, Optional<FloatTensor> prefix) {
    int[] rows = prefix.isPresent() ? data.rows(Use.JUDGES) : all(data);
    return opinion(classifier.logits(features(prefix, rows)), rows, 1);
  }

  private Opinion opinion(FloatTensor logits, int[] rows, double factor) {
    int[] labels = new int[data.size()];
    Arrays.fill(labels, Metrics.UNKNOWN);
    int[] best = Scores.argmax(logits);
    double confidence = 0;
    int held = 0;
    int c = logits.columns();
    for (int k = 0; k < rows.length; k++) {
      labels[rows[k]] = best[k];
      if (data.uses().get(rows[k]) == Use.JUDGES) {
        double top = logits.values()[k * c + best[k]] * factor;
        confidence += Math.exp(top - Scores.logSumExp(logits.values(), k * c, c, factor));
        held++;
      }
    }
    return new Opinion(labels, confidence / held);
  }
}
