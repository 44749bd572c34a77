import { el } from './dom.js';
import { clock, count } from './format.js';
import { metrics } from './round.js';

const CHIPS = { PROMOTED: 'promoted', HELD: 'held', PENDING: 'undecided' };
const SHOWN = 60;

/** All versions of a task's prompt, newest first: verdict, reason, evidence, and what can be done with each. */
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

  show(versions) {
    const focused = document.activeElement?.dataset?.key;
    this.root.replaceChildren(...versions.slice(0, SHOWN).map((version) => this.entry(version)));
    if (focused) {
      this.root.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  entry(version) {
    const state = version.live ? 'LIVE' : version.verdict;
    const chips = el('span', { class: 'chips' }, version.pinned ? el('span', { class: 'chip', 'data-state': 'PINNED', text: 'pinned' }) : '',
      el('span', { class: 'chip', 'data-state': state, text: version.live ? 'live' : CHIPS[version.verdict] ?? version.verdict.toLowerCase() }));
    const facts = [clock(version.createdAt)];
    facts.unshift(version.round === 0 ? 'zero-shot' : `round ${version.round}`);
    if (version.paradigm) {
      facts.splice(1, 0, version.paradigm);
    }
    if (version.round > 0) {
      facts.splice(1, 0, version.modality.toLowerCase());
    }
    if (version.parent !== null) {
      facts.push(`from v${version.parent}`);
    }
    return el('li', { class: 'entry', 'data-state': state },
      el('div', { class: 'entry-head' }, el('b', { text: `v${version.version}` }), el('span', { class: 'note', text: facts.join(' · ') }),
        el('span', { class: 'grow' }), chips),
      version.reason ? el('p', { class: 'reason', text: version.reason }) : '',
      this.evidence(version),
      this.actions(version));
  }

  evidence(version) {
    const figures = Object.keys(version.evidence).length;
    if (figures === 0) {
      return '';
    }
    const details = el('details', { open: this.open.has(version.version) },
      el('summary', { text: `Evidence, ${count(figures)} figures`, 'data-key': `evidence-${version.version}` }),
      el('dl', { class: 'metrics' }, ...metrics(version.evidence)));
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
      version.live ? '' : button('back', 'Roll back to', () => this.onCommand('ROLL_BACK', version)));
  }
}
