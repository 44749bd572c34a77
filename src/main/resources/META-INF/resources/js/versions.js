import { el } from './dom.js';
import { STRATEGIES, clock, count, counted, roundName } from './format.js';
import { grouped } from './figures.js';

const CHIPS = { LIVE: 'live', PROMOTED: 'promoted', HELD: 'held', PENDING: 'undecided', ROLLED_BACK: 'rolled back', DRIFTED: 'stream changed' };
const BY = { OPERATOR: 'by an operator', GATE: 'by the gate' };

/** The chip of a version: that it is live, that its service ended badly, or the gate's verdict. */
function standing({ live, verdict, ended }) {
  if (live) {
    return 'LIVE';
  }
  return ended?.type === 'ROLLED_BACK' || ended?.type === 'DRIFTED' ? ended.type : verdict;
}

/** How a version's service ended, in a sentence. */
function ending({ type, by, successor, message }) {
  if (type === 'ROLLED_BACK') {
    return `rolled back ${BY[by] ?? ''}: ${message}`;
  }
  if (type === 'DRIFTED') {
    return message;
  }
  return by === 'DEFINITION' ? `replaced by v${successor}, the zero-shot version of another definition or model`
    : `replaced by v${successor}${type === 'PINNED' ? `, which an operator pinned` : ''}`;
}
const NEWEST = 60;

/** What is on show however old it is. */
const lasting = (version) => version.live || version.wasLive || version.pinned || version.round === 0;

/**
 * A task's prompt versions, newest first: verdict, reason, evidence, and what can be done with each. Of those that never were
 * live, the newest only.
 */
export class Versions {
  constructor(root, onCommand, onRound) {
    this.root = root;
    this.onCommand = onCommand;
    this.onRound = onRound;
    this.open = new Set();
  }

  clear() {
    this.open.clear();
    this.root.replaceChildren();
  }

  /** `rounds`: as far as they are known; they say which were calibrations. */
  show(versions, rounds = []) {
    const focused = document.activeElement?.dataset?.key;
    const calibrations = new Set(rounds.filter((round) => round.calibration).map((round) => round.round));
    const entries = [];
    let left = 0;
    versions.forEach((version, i) => {
      if (i < NEWEST || lasting(version)) {
        entries.push(...this.gap(left), this.entry(version, calibrations.has(version.round)));
        left = 0;
      } else {
        left++;
      }
    });
    this.root.replaceChildren(...entries, ...this.gap(left));
    if (focused) {
      this.root.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  gap(left) {
    return left === 0 ? [] : [el('li', { class: 'gap note', text: `${count(left)} ${left === 1 ? 'version that was' : 'versions that were'} never live` })];
  }

  entry(version, calibration) {
    const state = standing(version);
    const chips = el('span', { class: 'chips' }, version.pinned ? el('span', { class: 'chip', 'data-state': 'PINNED', text: 'pinned' }) : '',
      el('span', { class: 'chip', 'data-state': state, text: CHIPS[state] ?? state.toLowerCase() }));
    const facts = version.round === 0 ? ['zero-shot'] : [roundName(version.round, calibration, false), version.madeBy, version.modality.toLowerCase()];
    facts.push(version.paradigm, clock(version.createdAt), version.parent === null ? null : `from v${version.parent}`);
    return el('li', { class: 'entry', 'data-state': state },
      el('div', { class: 'entry-head' }, el('b', { text: `v${version.version}` }), el('span', { class: 'note', text: facts.filter(Boolean).join(' · '), title: STRATEGIES[version.madeBy] }),
        el('span', { class: 'grow' }), chips),
      version.reason ? el('p', { class: 'reason', text: version.reason }) : '',
      version.ended ? el('p', { class: 'reason ended', text: `${clock(version.ended.at)} · ${ending(version.ended)}` }) : '',
      version.pin ? el('p', { class: 'reason pin', text: `Pinned: ${version.pin}` }) : '',
      this.evidence(version),
      this.actions(version));
  }

  evidence(version) {
    const figures = Object.keys(version.evidence).length;
    if (figures === 0) {
      return '';
    }
    const details = el('details', { open: this.open.has(version.version) },
      el('summary', { text: `Evidence, ${counted(figures, 'figure')}`, 'data-key': `evidence-${version.version}` }),
      ...grouped(version.evidence));
    details.addEventListener('toggle', () =>
      details.open ? this.open.add(version.version) : this.open.delete(version.version));
    return details;
  }

  actions(version) {
    const button = (name, text, act) =>
      el('button', { type: 'button', class: 'small', text, 'data-key': `${name}-${version.version}`, 'aria-label': `${text}, version ${version.version}`, onclick: act });
    return el('p', { class: 'actions' },
      version.round > 0 ? button('round', 'Images', () => this.onRound(version.round)) : '',
      version.pinned ? '' : button('pin', 'Pin', () => this.onCommand('PIN', version)),
      version.live ? '' : button('back', version.wasLive ? 'Roll back to' : 'Make live', () => this.onCommand('ROLL_BACK', version)));
  }
}
