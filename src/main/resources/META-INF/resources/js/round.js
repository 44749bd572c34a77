import { el, text } from './dom.js';
import { foremost } from './figures.js';
import { STRATEGIES, clock, counted, refusal, roundName, span } from './format.js';

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

/** When the first round comes. */
function first(stats, trigger) {
  if (stats?.paused || stats?.pinned !== null && stats?.pinned !== undefined) {
    return `No round starts while ${stats.paused ? 'rounds are paused' : 'a version is pinned'}.`;
  }
  if (!trigger) {
    return '';
  }
  const { samples, calibration } = trigger;
  return calibration > 0 && calibration < samples ? `The first round, a calibration, starts after ${counted(calibration, 'sample')}.`
    : `The first round starts after ${counted(samples, 'sample')}.`;
}

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

  /** `trigger`: when a round is due; `diary`: entries, the newest first */
  show(running, last, stats, trigger, diary = []) {
    text(this.change, news(diary));
    const round = running ?? last;
    this.root.dataset.running = Boolean(running);
    this.bar.hidden = !running;
    if (!round) {
      text(this.state, stats?.paused ? 'paused' : 'waiting');
      this.state.dataset.state = stats?.paused ? 'HELD' : 'PENDING';
      text(this.title, 'No prompt yet.');
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
      parts.push(counted(round.samples, 'image'));
    }
    parts.push(running ? `${Math.round(round.progress * 100)} % after ${span(round.updatedAt - round.startedAt)}`
      : `took ${span(round.updatedAt - round.startedAt)}`);
    text(this.title, parts.join(' · '));
    this.title.title = STRATEGIES[round.strategy] ?? '';
    text(this.message, round.round === 0 && !running ? `${round.message} ${first(stats, trigger)}`.trim() : round.message);
    this.figures.replaceChildren(...foremost(round.metrics, FIGURES));
  }
}
