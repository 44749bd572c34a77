import { el, text } from './dom.js';
import { imageUrl } from './api.js';
import { percent, said, verdict as judge } from './format.js';

const PER_UPDATE = 4;
const WAITING = 60;

/** The stream: images with their labels, newest first. Holds still while someone looks closer. */
export class Stream {
  constructor(root, heldNote, onOpen) {
    this.root = root;
    this.heldNote = heldNote;
    this.onOpen = onOpen;
    this.tiles = new Map();
    this.waiting = [];
    this.latest = [];
    this.capacity = 20;
    new ResizeObserver(() => this.measure()).observe(root);
    const hold = () => this.hold(true);
    const release = () => this.hold(root.contains(document.activeElement) && document.activeElement !== root);
    root.addEventListener('pointerenter', hold);
    root.addEventListener('focusin', hold);
    root.addEventListener('pointerleave', () => this.hold(false));
    root.addEventListener('focusout', () => setTimeout(release));
  }

  /** As many as can be seen: what is out of sight should not be read out, nor reached by the keyboard. */
  measure() {
    const style = getComputedStyle(this.root);
    this.capacity = style.gridTemplateColumns.split(' ').length * Number(style.getPropertyValue('--rows'));
    this.show([]);
    if (this.tiles.size < Math.min(this.capacity, this.latest.length) && !this.held) {
      // There is room for more than there was when they came, and no news may come to fill it.
      this.empty();
      this.show(this.latest.slice(-this.capacity));
    }
  }

  clear() {
    this.waiting = [];
    this.latest = [];
    this.empty();
  }

  empty() {
    this.tiles.clear();
    this.root.replaceChildren();
  }

  hold(held) {
    this.held = held;
    this.heldNote.hidden = !held;
    if (!held) {
      this.show(this.waiting.splice(0));
    }
  }

  /** Takes news; a fast stream is sampled evenly, so that the eye can follow. */
  add(predictions) {
    this.latest = this.latest.concat(predictions).slice(-WAITING);
    const room = this.tiles.size < this.capacity ? this.capacity : PER_UPDATE;
    const step = Math.max(1, predictions.length / room);
    const picked = [];
    for (let i = predictions.length - 1; i >= 0; i -= step) {
      picked.unshift(predictions[Math.round(i)]);
    }
    if (this.held) {
      this.waiting = this.waiting.concat(picked).slice(-WAITING);
    } else {
      this.show(picked);
    }
  }

  show(predictions) {
    for (const prediction of predictions) {
      if (!this.tiles.has(prediction.seq)) {
        const tile = new Tile(prediction, this.onOpen);
        this.tiles.set(prediction.seq, tile);
        this.root.prepend(tile.node);
      }
    }
    while (this.tiles.size > this.capacity) {
      const [seq, tile] = this.tiles.entries().next().value;
      this.tiles.delete(seq);
      tile.node.remove();
    }
  }

  /** Truth that became known after the prediction was shown. */
  settle(predictions) {
    for (const prediction of predictions) {
      this.tiles.get(prediction.seq)?.update(prediction);
      for (const kept of [this.waiting, this.latest]) {
        const index = kept.findIndex((other) => other.seq === prediction.seq);
        if (index >= 0) {
          kept[index] = prediction;
        }
      }
    }
  }
}

class Tile {
  constructor(prediction, onOpen) {
    this.mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
    this.label = el('span', { class: 'label' });
    this.detail = el('span', { class: 'detail' });
    const picture = el('img', {
      src: imageUrl(prediction.image), alt: '', width: 72, height: 72, decoding: 'async', fetchpriority: 'low', draggable: 'false',
    });
    picture.addEventListener('error', () => picture.classList.add('lost'), { once: true });
    this.node = el('button', { type: 'button', class: 'tile', onclick: () => onOpen(this.prediction) },
      el('span', { class: 'frame' }, picture, this.mark), this.label, this.detail);
    this.update(prediction);
  }

  update(prediction) {
    this.prediction = prediction;
    const best = prediction.labels[0];
    const verdict = judge(prediction);
    this.node.dataset.verdict = verdict;
    this.node.dataset.changed = prediction.changed;
    this.node.dataset.abstained = prediction.abstained;
    text(this.mark, verdict === 'right' ? '✓' : verdict === 'wrong' ? '✕' : '');
    text(this.label, said(prediction));
    this.detail.replaceChildren(
      el('span', { text: percent(best?.confidence, 0) }),
      prediction.changed ? el('s', { class: 'was', text: prediction.zeroShot.label }) : '',
      el('span', { class: 'version', text: `v${prediction.version}` }));
    this.node.title = this.sentence(best, verdict);
    this.node.setAttribute('aria-label', this.node.title);
  }

  sentence(best, verdict) {
    const parts = [`${said(this.prediction)}, ${percent(best?.confidence, 0)}, version ${this.prediction.version}`];
    if (this.prediction.changed) {
      parts.push(`zero-shot said ${this.prediction.zeroShot.label}`);
    }
    if (verdict) {
      parts.push(verdict === 'right' ? 'right' : `wrong, it is ${this.prediction.truth}`);
    }
    return parts.join('; ');
  }
}
