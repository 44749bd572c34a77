import { el, text } from './dom.js';
import { clock, count, figure, span, words } from './format.js';

const NAMES = { REQUESTED: 'requested', STARTED: 'training', PROGRESS: 'training', PROMOTED: 'promoted', HELD: 'held', FAILED: 'failed' };
/** What ends a prompt's service without a candidate. */
const ENDS = { ROLLED_BACK: 'rolled back', DRIFTED: 'stream changed' };
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
    const change = diary.find((entry) => ENDS[entry.type]);
    text(this.change, change ? `${clock(change.at)} · ${ENDS[change.type]} · ${change.message}` : '');
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
    const parts = [round.round === 0 ? 'Zero-shot prompt' : `Round ${round.round}`];
    if (round.version !== null) {
      parts.push(`v${round.version}`);
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
    text(this.message, round.message);
    this.figures.replaceChildren(...metrics(round.metrics, FIGURES));
  }
}

/** Measured figures as pairs of terms, at most `limit` of them. */
export function metrics(values, limit = Infinity) {
  return Object.entries(values).sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)).slice(0, limit).map(([name, value]) =>
    el('div', {}, el('dt', { text: words(name), title: words(name) }), el('dd', { text: figure(value) })));
}
