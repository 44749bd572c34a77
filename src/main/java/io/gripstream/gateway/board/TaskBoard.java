package io.gripstream.gateway.board;

import io.gripstream.event.Prediction;
import io.gripstream.event.RefinementBatch;
import io.gripstream.event.RoundEvent;
import io.gripstream.event.TaskDefinition;
import io.gripstream.kafka.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** All that the page shows of one task. Thread-safe. */
public final class TaskBoard {
  private static final int RECENT = 1000;
  private static final int VERSIONS = 500;

  /** Bounds versions that are undecided, or that the board would rather keep. */
  private static final int MOST_VERSIONS = 2 * VERSIONS;

  private static final int BATCHES = 200;
  private static final int LONGEST_ID = 1024;

  private final String task;
  private final Recent recent = new Recent(RECENT);
  private final Throughput throughput = new Throughput();
  private final Diary diary = new Diary();
  private final Refusals refusals = new Refusals();
  private final Scoreboard told = new Scoreboard();
  private final Scoreboard heldOut = new Scoreboard();
  private final HumanLabels labels;
  private final TreeMap<Integer, Candidate> versions = new TreeMap<>();
  private final TreeMap<Integer, Batch> batches = new TreeMap<>();
  private final Map<String, Long> counts = new TreeMap<>();
  private final Map<Integer, Long> heard = new TreeMap<>();

  private TaskDefinition definition;
  private String fault;
  private VersionFacts live;
  private long seq;
  private Long since;
  private long revision;
  private long structure;
  private double confidenceSum;
  private long changed;
  private long counted;

  private record Candidate(VersionFacts facts, Position position) {}

  /**
   * Where the chunks of a round's batch lie; null where a chunk has not been seen. The first chunk
   * says what the round follows.
   */
  private record Batch(Position[] chunks, int samples, String strategy, Boolean calibration) {}

  TaskBoard(String task) {
    this.task = task;
    this.labels = new HumanLabels(task);
  }

  /**
   * @param now the task's definition; null when it was ended
   */
  synchronized void define(TaskDefinition now) {
    boolean otherClasses =
        definition == null || now == null || !definition.getClasses().equals(now.getClasses());
    if (otherClasses) {
      recent.clear();
      counts.clear();
      confidenceSum = 0;
      changed = 0;
      counted = 0;
      told.forgetPredictions();
      heldOut.forgetPredictions();
    }
    if (now == null) {
      labels.clear();
    }
    definition = now;
    fault = null;
    structure++;
  }

  /**
   * @param how a definition breaks the rules; the one before it stays
   */
  synchronized void unfollowed(String how) {
    fault = how;
  }

  /** What is wrong with its definition, if it has no other; empty: nothing is known. */
  synchronized Optional<String> fault() {
    return definition == null ? Optional.ofNullable(fault) : Optional.empty();
  }

  /**
   * @param position of the prediction's own record
   * @param at the record's time, and now: milliseconds since the epoch
   */
  synchronized void predicted(Prediction prediction, Position position, long at, long now) {
    heard.merge(position.partition(), position.offset(), Math::max);
    if (prediction.getImageId().length() > LONGEST_ID) {
      return;
    }
    PredictionView view = PredictionView.of(++seq, prediction, at);
    since = since == null ? at : Long.valueOf(Math.min(since, at));
    throughput.count(now);
    if (view.label() != null) {
      counted++;
      if (counts.containsKey(view.label()) || isClass(view.label())) {
        counts.merge(view.label(), 1L, Long::sum);
      }
      confidenceSum += view.labels().get(0).confidence();
      changed += view.changed() ? 1 : 0;
    }
    String truth = told.predicted(view);
    String held = heldOut.predicted(view);
    recent.add(view.withTruth(truth != null ? truth : held), position);
  }

  /** Whoever may write predictions makes up labels as he likes. */
  private boolean isClass(String label) {
    return definition != null && definition.getClasses().contains(label);
  }

  /** Truth for the page alone. */
  public synchronized void truth(String imageId, String label) {
    told.truth(imageId, label);
    recent.settle(imageId, label, ++revision);
  }

  /**
   * A person's label. It is scored by only if the image is held out for evaluation: others have
   * trained what they would judge.
   *
   * @param label null takes an earlier one back
   * @param annotator null where it is not known
   */
  public synchronized void label(String imageId, String label, String annotator) {
    if (definition == null || imageId.length() > LONGEST_ID) {
      return;
    }
    labels.put(imageId, label, annotator);
    if (labels.of(definition, imageId).heldOut()) {
      heldOut.truth(imageId, label);
      recent.settle(imageId, label, ++revision);
    }
  }

  synchronized void candidate(VersionFacts facts, Position position) {
    versions.put(facts.version(), new Candidate(facts, position));
    forgetVersions();
    structure++;
  }

  /**
   * @param facts the version that is live now; null when there is none any more
   * @param now milliseconds since the epoch
   */
  public synchronized void live(VersionFacts facts, long now) {
    live = facts;
    if (facts != null) {
      versions.putIfAbsent(facts.version(), new Candidate(facts, null));
    }
    refusals.over(now);
    structure++;
  }

  /**
   * @param reason why the latest live prompt is not served; the one before stays
   * @param now milliseconds since the epoch
   */
  synchronized void refused(String reason, long now) {
    refusals.refused(reason, now);
    structure++;
  }

  public synchronized void round(RoundEvent event) {
    diary.add(event);
    forgetVersions();
    structure++;
  }

  /**
   * Forgets the oldest versions that never were live. The topics are read side by side: whether a
   * version was live may be known only after a while, so the undecided ones are kept longer.
   */
  private void forgetVersions() {
    while (versions.size() > VERSIONS) {
      boolean most = versions.size() > MOST_VERSIONS;
      Integer oldest =
          versions.values().stream()
              .map(Candidate::facts)
              .filter(facts -> !precious(facts))
              .map(VersionFacts::version)
              .filter(version -> most || diary.decision(version).isPresent())
              .findFirst()
              .orElse(most ? versions.firstKey() : null);
      if (oldest == null) {
        return;
      }
      versions.remove(oldest);
    }
  }

  private boolean precious(VersionFacts facts) {
    int version = facts.version();
    return facts.round() == 0
        || diary.wasLive(version)
        || (live != null && live.version() == version)
        || (diary.pinned() != null && diary.pinned() == version);
  }

  public synchronized void batch(RefinementBatch chunk, Position position) {
    Batch known = batches.get(chunk.getRound());
    boolean begun = known != null && known.chunks.length == chunk.getChunks();
    Position[] positions = begun ? known.chunks : new Position[chunk.getChunks()];
    int before = begun ? known.samples : 0;
    int added = positions[chunk.getChunk()] == null ? chunk.getSamples().size() : 0;
    positions[chunk.getChunk()] = position;
    boolean first = chunk.getChunk() == 0;
    batches.put(
        chunk.getRound(),
        new Batch(
            positions,
            before + added,
            first ? strategy(chunk) : begun ? known.strategy : null,
            first
                ? Boolean.valueOf(chunk.getStrategy() != null)
                : begun ? known.calibration : null));
    if (batches.size() > BATCHES) {
      batches.pollFirstEntry();
    }
    structure++;
  }

  private static String strategy(RefinementBatch chunk) {
    if (chunk.getStrategy() != null) {
      return chunk.getStrategy().name();
    }
    return chunk.getDefinition() == null ? null : chunk.getDefinition().getStrategy().name();
  }

  public String task() {
    return task;
  }

  public synchronized Optional<TaskDefinition> definition() {
    return Optional.ofNullable(definition);
  }

  public synchronized Optional<VersionFacts> live() {
    return Optional.ofNullable(live);
  }

  /** Newest first. */
  public synchronized List<VersionView> versions() {
    List<VersionView> views = new ArrayList<>();
    versions.descendingMap().values().forEach(candidate -> views.add(view(candidate)));
    return views;
  }

  public synchronized Optional<VersionView> version(int version) {
    return Optional.ofNullable(versions.get(version)).map(this::view);
  }

  /** Where a candidate lies in its topic. */
  public synchronized Optional<Position> position(int version) {
    return Optional.ofNullable(versions.get(version)).map(Candidate::position);
  }

  /** Where the chunks of a round's batch lie, in order; empty when not all of them were seen. */
  public synchronized List<Position> batch(int round) {
    Batch batch = batches.get(round);
    return batch == null || Arrays.asList(batch.chunks).contains(null)
        ? List.of()
        : List.of(batch.chunks);
  }

  public synchronized List<RoundView> rounds() {
    return diary.rounds().stream().map(this::withBatch).toList();
  }

  public synchronized Optional<RoundView> round(int round) {
    return diary.round(round).map(this::withBatch);
  }

  public synchronized List<DiaryEntry> diary() {
    return diary.entries();
  }

  /** The newest predictions that match, newest first. */
  public synchronized List<PredictionView> predictions(
      Predicate<PredictionView> wanted, int limit) {
    return recent.newest(wanted, limit);
  }

  /** What people have labelled; empty when the task has ended. */
  public synchronized Optional<LabelsView> labels() {
    return definition().map(labels::view);
  }

  /** What a person said of an image; empty when the task has ended. */
  public synchronized Optional<LabelsView.ImageLabel> label(String imageId) {
    return definition().map(current -> labels.of(current, imageId));
  }

  /** The images that people have labelled, the latest label last; none when the task has ended. */
  public synchronized List<LabelledImage> labelled() {
    return definition().map(current -> withLabels(labels.images(current))).orElse(List.of());
  }

  /** The images with these ids, in that order; none when the task has ended. */
  public synchronized List<LabelledImage> withLabels(List<String> imageIds) {
    return definition()
        .map(
            current ->
                imageIds.stream().map(id -> labels.with(current, id, recent.latest(id))).toList())
        .orElse(List.of());
  }

  /** How many labels of people are no longer remembered. */
  public synchronized long forgottenLabels() {
    return labels.forgotten();
  }

  /** Recent images that nobody has labelled, those first that a label would help most. */
  public synchronized List<PredictionView> toLabel(int limit) {
    return definition()
        .map(current -> labels.suggest(current, recent.newest(any -> true, RECENT), limit))
        .orElse(List.of());
  }

  /** Held-out human labels count where nobody told the truth outright. */
  public synchronized ScoreView score() {
    boolean people = !told.used() && heldOut.used();
    return (people ? heldOut : told)
        .view(
            task, people ? "held-out labels" : "scoreboard", live == null ? null : live.version());
  }

  /** Forgets the truth that was told. */
  public synchronized void clearTruth() {
    told.clear();
    revision++;
  }

  /**
   * @param now milliseconds since the epoch
   */
  public synchronized TaskStats stats(long now) {
    refusals.settle(now);
    return new TaskStats(
        task,
        seq,
        since,
        throughput.perSecond(now),
        new TreeMap<>(counts),
        counted == 0 ? null : confidenceSum / counted,
        counted == 0 ? null : changed / (double) counted,
        live == null ? null : live.version(),
        live == null ? null : live.modelId(),
        refusals.current(),
        refusals.count(),
        refusals.last(),
        diary.pinned(),
        diary.paused(),
        versions.size(),
        labels.size(),
        told.used() ? told.outcomes() : heldOut.outcomes());
  }

  /**
   * The task among others.
   *
   * @param now milliseconds since the epoch
   */
  public synchronized TaskGlance glance(long now) {
    List<String> failures = diary.failures();
    return new TaskGlance(
        stats(now),
        diary.running().map(this::withBatch).orElse(null),
        diary.verdict().orElse(null),
        failures.size(),
        failures.isEmpty() ? null : failures.get(0));
  }

  /**
   * What a viewer has not seen yet.
   *
   * @param sinceSeq the viewer's last {@link Update#seq}
   * @param sinceRevision the viewer's last {@link Update#revision}
   * @param limit at most so many predictions
   */
  public synchronized Update update(
      long sinceSeq, long sinceRevision, int limit, long now, long deadLetters) {
    return update(recent.after(sinceSeq, limit), sinceSeq, sinceRevision, limit, now, deadLetters);
  }

  /**
   * What a viewer has not seen yet that was away: all of it that is remembered.
   *
   * @param read how far it had come, in this process or another
   * @param limit bounds what became known of predictions that it has seen
   */
  synchronized Update resume(Positions read, int limit, long now, long deadLetters) {
    List<PredictionView> fresh = recent.after(read);
    long before = fresh.isEmpty() ? seq : fresh.get(0).seq() - 1;
    return update(fresh, before, 0, limit, now, deadLetters);
  }

  private Update update(
      List<PredictionView> fresh,
      long sinceSeq,
      long sinceRevision,
      int limit,
      long now,
      long deadLetters) {
    long skipped = fresh.isEmpty() ? 0 : fresh.get(0).seq() - sinceSeq - 1;
    List<PredictionView> settled =
        revision > sinceRevision
            ? recent.settledAfter(sinceRevision, sinceSeq, 2 * limit)
            : List.of();
    return new Update(
        seq,
        revision,
        fresh,
        Math.max(0, skipped),
        settled,
        structure,
        diary.running().map(this::withBatch).orElse(null),
        stats(now),
        deadLetters,
        new Positions(heard));
  }

  private RoundView withBatch(RoundView round) {
    Batch batch = batches.get(round.round());
    return batch == null
        ? round
        : round.withBatch(batch.strategy, batch.calibration, batch.samples);
  }

  private VersionView view(Candidate candidate) {
    int version = candidate.facts.version();
    Optional<Diary.Decision> decision = diary.decision(version);
    boolean isLive = live != null && live.version() == version;
    boolean isPinned = diary.pinned() != null && diary.pinned() == version;
    return new VersionView(
        candidate.facts,
        decision.map(Diary.Decision::type).orElse("PENDING"),
        decision.map(Diary.Decision::reason).orElse(""),
        decision.map(Diary.Decision::at).orElse(null),
        isLive,
        isLive || diary.wasLive(version),
        isLive ? null : diary.end(version).orElse(null),
        isPinned,
        isPinned ? diary.pin().orElse("") : null);
  }
}
