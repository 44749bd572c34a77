import { el, text } from './dom.js';
import { count } from './format.js';
import * as api from './api.js';

/** The keys of the first classes, in their order. */
const KEYS = '1234567890';
const SUGGESTIONS = 50;

/**
 * Lets a person say what an image shows, and goes on to the next image at once: with a key for each of the first ten
 * classes, or by typing the beginning of a name.
 */
export class Labeller {
  constructor(onLabelled, onShow, onNothing) {
    this.onLabelled = onLabelled;
    this.onShow = onShow;
    this.onNothing = onNothing;
    this.history = [];
    this.status = el('p', { class: 'note', role: 'status' });
  }

  /** Begins anew, as on another task. */
  begin(task, classes) {
    this.task = task;
    this.classes = classes;
    this.history = [];
    text(this.status, '');
  }

  /** The control for one image. */
  control(prediction) {
    this.prediction = prediction;
    if (this.history.at(-1)?.imageId !== prediction.imageId) {
      this.history.push(prediction);
    }
    this.choices = el('div', { class: 'choices', role: 'group', 'aria-label': 'Classes' });
    this.find = this.classes.length > KEYS.length
      ? el('input', { type: 'search', placeholder: 'begin to type a class, Enter takes the first', 'aria-label': 'Find a class',
        autocomplete: 'off', oninput: () => this.fill(), onkeydown: (event) => this.found(event) })
      : null;
    this.back = el('button', { type: 'button', class: 'small', text: 'Take the label back', hidden: true, onclick: () => this.say(null) });
    this.fill();
    this.look(prediction);
    return el('section', { class: 'labeller', tabindex: -1, 'aria-label': 'Label this image' },
      el('h3', { text: 'What does it show?' }), this.find, this.choices,
      el('p', { class: 'actions' },
        el('button', { type: 'button', class: 'small', text: '← Back', disabled: this.history.length < 2, onclick: () => this.previous() }),
        el('button', { type: 'button', class: 'small', text: 'Skip →', onclick: () => this.next() }), this.back),
      this.status);
  }

  /** Where typing goes, if anywhere. */
  focus() {
    this.find?.focus();
  }

  fill() {
    const wanted = this.find?.value.trim().toLowerCase() ?? '';
    this.shown = this.classes.filter((name) => name.toLowerCase().includes(wanted))
      .sort((a, b) => b.toLowerCase().startsWith(wanted) - a.toLowerCase().startsWith(wanted));
    this.choices.replaceChildren(...this.shown.map((name) => {
      const key = this.find ? null : KEYS[this.classes.indexOf(name)];
      return el('button', {
        type: 'button', class: 'choice', 'aria-pressed': String(name === this.known), 'aria-keyshortcuts': key, onclick: () => this.say(name),
      }, key ? el('kbd', { 'aria-hidden': 'true', text: key }) : '', el('span', { text: name }));
    }));
  }

  found(event) {
    if (event.key === 'Enter' && this.find.value.trim() && this.shown.length) {
      event.preventDefault();
      this.say(this.shown[0]);
    }
  }

  /** Takes a key that the drawer got; says whether it meant something here. */
  key(event) {
    if (!this.prediction || event.ctrlKey || event.metaKey || event.altKey || event.target.value) {
      return false;
    }
    const chosen = this.find ? undefined : this.classes[KEYS.indexOf(event.key)];
    if (KEYS.includes(event.key) && chosen !== undefined) {
      this.say(chosen);
    } else if (event.key === 'ArrowRight') {
      this.next();
    } else if (event.key === 'ArrowLeft') {
      this.previous();
    } else if (event.key === 'Backspace' && this.known) {
      this.say(null);
    } else {
      return false;
    }
    return true;
  }

  async look(prediction) {
    this.known = null;
    await this.carefully(async () => {
      const said = await api.labelOf(this.task, prediction.imageId);
      if (prediction === this.prediction) {
        this.known = said.label;
        this.back.hidden = said.label === null;
        this.fill();
      }
    });
  }

  async say(label) {
    const { task, prediction } = this;
    if (this.busy) {
      return;
    }
    this.busy = true;
    await this.carefully(async () => {
      await api.label(task, prediction.imageId, label);
      const said = await api.labelOf(task, prediction.imageId);
      this.onLabelled();
      text(this.status, label === null ? `${prediction.imageId} has no label any more`
        : `${prediction.imageId} is ${label}: ${said.heldOut ? 'it only judges, by its hash' : 'it trains'}`);
      if (prediction === this.prediction) {
        await (label === null ? this.look(prediction) : this.next());
      }
    });
    this.busy = false;
  }

  /** Goes on to an image that a label would help most and that was not on show yet. */
  async next() {
    const task = this.task;
    await this.carefully(async () => {
      const seen = new Set(this.history.map((prediction) => prediction.imageId));
      const fresh = (await api.toLabel(task, SUGGESTIONS)).find((prediction) => !seen.has(prediction.imageId));
      if (task !== this.task) {
        return;
      }
      if (fresh) {
        this.onShow(fresh);
      } else {
        this.nothing('There is no other recent image without a label.');
      }
    });
  }

  nothing(message) {
    text(this.status, message);
    this.onNothing(message);
  }

  previous() {
    if (this.history.length > 1) {
      this.history.pop();
      this.onShow(this.history.at(-1));
    }
  }

  async carefully(act) {
    try {
      await act();
    } catch (error) {
      text(this.status, error.message);
    }
  }
}

/** How many labels a class has, in a few characters. */
export function labelCount(row) {
  return row && row.training + row.heldOut > 0 ? `${count(row.training)}${row.heldOut ? ` + ${count(row.heldOut)}` : ''}` : '';
}

/** The same as a sentence. */
export const labelSentence = (row) =>
  (row ? `${count(row.training)} human labels that train, ${count(row.heldOut)} that only judge` : '');
