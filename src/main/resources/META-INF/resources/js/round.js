import { el, text } from './dom.js';
import { STRATEGIES, clock, count, figure, refusal, roundName, span, words } from './format.js';

const NAMES = { REQUESTED: 'requested', STARTED: 'training', PROGRESS: 'training', PROMOTED: 'promoted', HELD: 'held', FAILED: 'failed' };
/** What happens between rounds, and until when it is news: until the next round begins, or until it has ended. */
const NEWS = {
  ROLLED_BACK: { say: ({ message }) => `rolled back · ${message}`, old: ['REQUESTED'] },
  REFUSED: { say: refusal, old: ['REQUESTED'] },
  DRIFTED: { say: ({ message }) => `stream changed · ${message}`, old: [] },
};
const VERDICTS = ['PROMOTED', 'HELD', 'FAILED'];

/** The latest of what happened since the last verdict. `diary`: entries, the newest first */
function news(diary) {
  const seen = [];
  for (const entry of diary) {
    if (VERDICTS.includes(entry.type)) {
      return '';
    }
    const about = NEWS[entry.type];
    if (about && !about.old.some((type) => seen.includes(type))) {
      return `${clock(entry.at)} · ${about.say(entry)}`;
    }
    seen.push(entry.type);
  }
  return '';
}
const FIGURES = 6;
/** What people look for first; everything else follows by name. */
const FIRST = ['candidateScore', 'baseScore', 'candidateAccuracy', 'baseAccuracy', 'heldOut', 'pseudolabels', 'labelled', 'gamma', 'lambda',
  'imageEncodings', 'imagesGone', 'samples', 'labels', 'zeroShotScore', 'validationLoss', 'epoch', 'loss', 'agreement', 'temperature'];
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** The round that is running, or how the last one ended. */
export class Round {
  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.bar = el('progress', { max: 1, value: 0, 'aria-label': 'Progress of the round' });
    this.title = el('p', { class: 'round-title' });
    this.message = el('p', { class: 'round-message' });
    this.figures = el('dl', { class: 'metrics' });
    this.change = el('p', { class: 'round-message' });
    root.append(this.title, this.bar, this.message, this.figures, this.change);
  }

  /** `diary`: entries, the newest first */
  show(running, last, stats, trigger, diary = []) {
    text(this.change, news(diary));
    const round = running ?? last;
    this.root.dataset.running = Boolean(running);
    this.bar.hidden = !running;
    if (!round) {
      text(this.state, stats?.paused ? 'paused' : 'waiting');
      this.state.dataset.state = stats?.paused ? 'HELD' : 'PENDING';
      text(this.title, trigger ? `The first round starts after ${count(trigger)} samples.` : 'No round yet.');
      text(this.message, '');
      this.figures.replaceChildren();
      return;
    }
    text(this.state, NAMES[round.state] ?? round.state.toLowerCase());
    this.state.dataset.state = round.state;
    this.bar.value = round.progress;
    const parts = [round.round === 0 ? 'Zero-shot prompt' : roundName(round.round, round.calibration)];
    if (round.version !== null) {
      parts.push(`v${round.version}`);
    }
    if (round.round > 0 && round.strategy) {
      parts.push(round.strategy);
    }
    if (round.paradigm) {
      parts.push(round.paradigm);
    }
    if (round.samples !== null) {
      parts.push(`${count(round.samples)} images`);
    }
    parts.push(running ? `${Math.round(round.progress * 100)} % after ${span(round.updatedAt - round.startedAt)}`
      : `took ${span(round.updatedAt - round.startedAt)}`);
    text(this.title, parts.join(' · '));
    this.title.title = STRATEGIES[round.strategy] ?? '';
    text(this.message, round.message);
    this.figures.replaceChildren(...metrics(round.metrics, FIGURES));
  }
}

/** Measured figures as pairs of terms, at most `limit` of them. */
export function metrics(values, limit = Infinity) {
  return Object.entries(values).sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)).slice(0, limit).map(([name, value]) =>
    el('div', {}, el('dt', { text: words(name), title: words(name) }), el('dd', { text: figure(value) })));
}
