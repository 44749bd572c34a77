import { el, text } from './dom.js';
import { count, percent, points } from './format.js';
import { labelCount, labelSentence } from './label.js';

/** Accuracy class by class: where zero-shot was poor, and what refinement made of it. Without truth, how frequent each is. */
export class Classes {
  constructor(root, title, halves) {
    this.root = root;
    this.title = title;
    this.halves = halves;
    this.labels = new Map();
  }

  /** How many labels people gave each class; on show from the next time on. */
  labelled(labels) {
    this.labels = new Map((labels?.classes ?? []).map((row) => [row.label, row]));
    this.root.dataset.labelled = Boolean(labels?.labels);
  }

  show(score, counts) {
    if (!score || score.classes.length === 0) {
      this.frequencies(counts);
      return;
    }
    text(this.title, 'Classes, poorest zero-shot first');
    text(this.halves, `live accuracy, change from zero-shot${score.poorHalf === null ? '' :
      `: poorer half ${points(score.poorHalf, 0)}, richer ${points(score.richHalf, 0)}`}`);
    this.root.replaceChildren(...score.classes.map((row) => this.row(row)));
  }

  row({ label, scored, zeroShot, live }) {
    const change = live - zeroShot;
    const bar = el('span', { class: 'bar', 'aria-hidden': 'true' },
      part('base', 0, Math.min(zeroShot, live)),
      part(change >= 0 ? 'gain' : 'loss', Math.min(zeroShot, live), Math.max(zeroShot, live)),
      part('notch', zeroShot, zeroShot));
    return el('div', {
      class: 'class', 'data-few': scored < 10,
      title: `${label}: zero-shot ${percent(zeroShot)}, live ${percent(live)}, on ${count(scored)} images since this version went live`,
    },
    el('span', { class: 'name', text: label }), bar,
    el('span', { class: 'now', text: percent(live, 0) }),
    el('span', { class: `change ${change > 0.0005 ? 'up' : change < -0.0005 ? 'down' : ''}`, text: points(change, 0) }),
    this.marks(label));
  }

  marks(label) {
    const row = this.labels.get(label);
    return el('span', { class: 'labels', title: labelSentence(row), text: labelCount(row) });
  }

  /** Where no truth is known: how often each class is the label. */
  frequencies(counts) {
    const named = Object.fromEntries([...this.labels.keys()].map((label) => [label, 0]));
    const all = Object.entries({ ...named, ...counts }).sort((a, b) => b[1] - a[1]);
    const rows = all.slice(0, 100);
    const most = Math.max(1, rows[0]?.[1] ?? 0);
    text(this.title, 'Classes, most frequent first');
    const rest = all.length > rows.length ? `; ${count(rows.length)} of ${count(all.length)}` : '';
    text(this.halves, rows.length ? `how often each is the label${rest}` : '');
    this.root.replaceChildren(...rows.map(([label, n]) => el('div', { class: 'class plain', title: `${label}: ${count(n)}` },
      el('span', { class: 'name', text: label }),
      el('span', { class: 'bar', 'aria-hidden': 'true' }, part('base', 0, n / most)),
      el('span', { class: 'now', text: count(n) }),
      this.marks(label))));
  }
}

function part(kind, from, to) {
  const node = el('span', { class: kind });
  node.style.left = `${from * 100}%`;
  if (kind !== 'notch') {
    node.style.width = `${(to - from) * 100}%`;
  }
  return node;
}
