import { el, text } from './dom.js';
import { count, percent, points } from './format.js';

/** Accuracy class by class: where zero-shot was poor, and what refinement made of it. */
export class Classes {
  constructor(root, halves) {
    this.root = root;
    this.halves = halves;
  }

  show(score, counts) {
    if (!score || score.classes.length === 0) {
      this.frequencies(counts);
      return;
    }
    text(this.halves, score.poorHalf === null ? '' :
      `poorer half ${points(score.poorHalf, 0)}, richer ${points(score.richHalf, 0)}`);
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
    el('span', { class: `change ${change > 0.0005 ? 'up' : change < -0.0005 ? 'down' : ''}`, text: points(change, 0) }));
  }

  /** Where no truth is known: how often each class is the label. */
  frequencies(counts) {
    const rows = Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 100);
    const most = rows.length ? rows[0][1] : 1;
    text(this.halves, rows.length ? 'how often each is the label' : '');
    this.root.replaceChildren(...rows.map(([label, n]) => el('div', { class: 'class plain' },
      el('span', { class: 'name', text: label }),
      el('span', { class: 'bar', 'aria-hidden': 'true' }, part('base', 0, n / most)),
      el('span', { class: 'now', text: count(n) }))));
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
