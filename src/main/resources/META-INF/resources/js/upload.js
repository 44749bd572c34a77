import { byId, el, text } from './dom.js';
import { counted } from './format.js';
import * as api from './api.js';

const AT_ONCE = 4;
const LABELS_AT_ONCE = 500;
const REFUSED_SHOWN = 200;

/** The files of a drop, folders walked through. Resolves to `{ file, path }`. */
async function dropped(transfer) {
  // The list of items is gone after the first wait.
  const items = [...transfer.items].map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of items) {
    if (entry) {
      await walk(entry, found);
    } else if (file) {
      found.push({ file, path: file.name });
    }
  }
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    found.push({ file, path: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives a hundred at a time.
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) {
      return;
    }
    for (const child of some) {
      await walk(child, found);
    }
  }
}

const folder = (path) => path.split('/').at(-2);
const hidden = (path) => path.split('/').some((step) => step.startsWith('.'));

/** Takes images that are dropped on the page or chosen, and sends them to the task on show, a few at a time. */
export class Upload {
  /** `task()`: `{ name, classes }` of the task on show, or null. `limit()`: how many bytes an image may have. */
  constructor({ task, limit, onNotice }) {
    Object.assign(this, { task, limit, onNotice });
    this.root = byId('upload');
    this.bar = el('progress', { max: 1, value: 0, 'aria-label': 'Images sent' });
    this.line = el('p', { role: 'status' });
    this.refused = el('ul', { class: 'refused' });
    this.actions = el('p', { class: 'actions' });
    this.root.append(this.line, this.bar, this.actions, this.refused);
    const veil = byId('veil');
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    document.addEventListener('dragover', (event) => {
      if (carries(event)) {
        event.preventDefault();
        const task = this.task();
        text(byId('veil-text'), task ? `Drop images or a folder: ${task.name} labels them` : 'Open a task first');
        veil.hidden = false;
      }
    });
    document.addEventListener('dragleave', (event) => { veil.hidden = event.relatedTarget === null || veil.hidden; });
    document.addEventListener('drop', async (event) => {
      if (carries(event)) {
        event.preventDefault();
        veil.hidden = true;
        await this.carefully(async () => this.take(await dropped(event.dataTransfer)));
      }
    });
    for (const id of ['files', 'folder']) {
      const input = byId(id);
      byId(`choose-${id}`).addEventListener('click', () => input.click());
      input.addEventListener('change', async () => {
        const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
        input.value = '';
        await this.carefully(() => this.take(files));
      });
    }
  }

  async carefully(act) {
    try {
      await act();
    } catch (error) {
      this.onNotice(error.message);
    }
  }

  /** Sends files; asks first whether their folders' names are labels, where they are classes. */
  async take(all) {
    const task = this.task();
    const files = all.filter(({ path }) => !hidden(path));
    if (!task || files.length === 0 || this.sending) {
      this.onNotice(!task ? 'Open or create a task first: it labels what you drop.' : this.sending ? 'The images before these are still being sent.' : 'There are no files in it.');
      return;
    }
    this.root.hidden = false;
    this.refused.replaceChildren();
    this.bar.hidden = true;
    const named = files.filter(({ path }) => task.classes.includes(folder(path)));
    if (named.length === 0) {
      await this.send(task, files, false);
      return;
    }
    const box = el('input', { type: 'checkbox', id: 'folder-labels' });
    text(this.line, `${counted(files.length, 'file')} for ${task.name}. ${named.length} of them lie in folders that are named like classes.`);
    const go = el('button', { type: 'button', class: 'primary', text: 'Send', onclick: () => this.carefully(() => this.send(task, files, box.checked)) });
    this.actions.replaceChildren(el('label', { class: 'check' }, box, 'The folder’s name is the label, as if a person had said so'), go,
      el('button', { type: 'button', text: 'Cancel', onclick: () => { this.root.hidden = true; } }));
    go.focus();
  }

  async send(task, files, withLabels) {
    const waiting = [...files];
    const failed = [];
    const labels = [];
    let sent = 0;
    this.sending = true;
    this.bar.hidden = false;
    const stop = el('button', { type: 'button', text: 'Stop', onclick: () => waiting.splice(0) });
    this.actions.replaceChildren(stop);
    const tell = () => {
      this.bar.value = (sent + failed.length) / files.length;
      text(this.line, `${sent} of ${counted(files.length, 'file')} sent to ${task.name}${failed.length ? `, ${failed.length} refused` : ''}`);
    };
    tell();
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        try {
          await this.one(task, next);
          sent++;
          if (withLabels && task.classes.includes(folder(next.path))) {
            labels.push({ imageId: next.path, label: folder(next.path) });
          }
        } catch (error) {
          failed.push(next);
          this.refuse(next.path, error.message);
        }
        tell();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (let from = 0; from < labels.length; from += LABELS_AT_ONCE) {
      const some = labels.slice(from, from + LABELS_AT_ONCE);
      try {
        await api.labelAll(task.name, some);
      } catch (error) {
        this.refuse(counted(some.length, 'label'), error.message);
      }
    }
    this.sending = false;
    this.actions.replaceChildren(
      failed.length ? el('button', { type: 'button', text: `Try the ${failed.length} refused again`, onclick: () => { this.refused.replaceChildren(); this.carefully(() => this.send(task, failed, withLabels)); } }) : '',
      el('button', { type: 'button', text: 'Close', onclick: () => { this.root.hidden = true; } }));
  }

  async one(task, { file, path }) {
    const limit = this.limit();
    if (limit && file.size > limit) {
      throw new Error(`an image may have at most ${limit} bytes`);
    }
    await api.send(task.name, path, file);
  }

  refuse(name, reason) {
    if (this.refused.childElementCount < REFUSED_SHOWN) {
      this.refused.append(el('li', {}, el('b', { text: name }), ` ${reason}`));
    }
  }
}
