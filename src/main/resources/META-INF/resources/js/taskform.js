import { el } from './dom.js';
import * as api from './api.js';

const numbers = (path, name, help, step = 1) => ({ path, name, help, step });
const choices = (path, name, help, options) => ({ path, name, help, options });

/** What a task can say besides its classes and template; the schema documents each. */
const ADVANCED = [
  choices('modality', 'What is tuned', 'Words, vectors among an image’s patches, or both.', ['TEXT', 'VISUAL', 'MULTIMODAL']),
  choices('strategy', 'Strategy', 'How a round makes its candidate. AUTO: the judges choose.', ['AUTO', 'BALANCE', 'MIXTURE', 'DISTILL', 'GRIP', 'IFPL', 'FPL', 'CPL']),
  choices('paradigm', 'Human labels', 'Which ones train. AUTO: it follows from which classes have some.', ['AUTO', 'UL', 'SSL', 'TRZSL']),
  numbers('abstainBelow', 'None of these below', 'A confidence from 0 to 1; 0: always name a class.', 'any'),
  numbers('trigger.samples', 'Images between rounds', 'So many new images make a round due.'),
  numbers('trigger.calibration', 'Images before the first round', 'A quick round that calibrates; 0: none.'),
  numbers('pool.samples', 'Images remembered', 'What a round can learn from, at most.'),
  numbers('gate.heldOutShare', 'Share that only judges', 'Images that never train.', 'any'),
  numbers('gate.minimumEvidence', 'Least evidence', 'With fewer judging images nothing goes live.'),
];

const read = (definition, path) => path.split('.').reduce((part, key) => part?.[key], definition);

function write(definition, path, value) {
  const keys = path.split('.');
  const last = keys.pop();
  const part = keys.reduce((at, key) => (at[key] ??= {}), definition);
  part[last] = value;
}

/** The form that defines a task, anew or again. Refusals stand at the field that they are about. */
export class TaskForm {
  /**
   * `task`: null for a new one; else `{ name, definition }`. `beforeChange(before, after)`: asks, and resolves to whether to go
   * on. `onDone(name)`: when it is defined.
   */
  constructor(task, { beforeChange = async () => true, onDone }) {
    this.task = task;
    this.beforeChange = beforeChange;
    this.onDone = onDone;
    this.fields = new Map();
    this.alert = el('p', { class: 'error', role: 'alert' });
    const before = task?.definition;
    const required = task ? [] : [this.field('name', 'Name', 'Small letters, digits and dashes, such as pets.', el('input', { autocomplete: 'off', spellcheck: 'false' }))];
    const advanced = ADVANCED.map((setting) => this.setting(setting, before));
    this.node = el('form', { class: 'task-form', novalidate: true, onsubmit: (event) => this.submit(event) },
      ...required,
      this.field('classes', 'Classes, one on each line', 'What an image can show; at least two.', el('textarea', { rows: 5, spellcheck: 'false' }), before?.classes.join('\n')),
      this.field('template', 'Sentence', 'What the model reads for each class; {} is the class’s name.', el('input', { autocomplete: 'off' }), before?.template ?? 'a photo of a {}'),
      el('details', {}, el('summary', { text: 'Advanced settings' }), el('div', { class: 'settings' }, ...advanced)),
      this.alert,
      el('p', { class: 'actions' }, el('button', { class: 'primary', text: task ? 'Save' : 'Create task' })));
  }

  setting({ path, name, help, step, options }, before) {
    const control = options
      ? el('select', {}, ...options.map((option) => el('option', { value: option, text: option })))
      : el('input', { type: 'number', step, min: 0, placeholder: 'default' });
    return this.field(path, name, help, control, read(before, path));
  }

  field(path, name, help, control, value) {
    control.id = `field-${path}`;
    const note = el('span', { class: 'note', id: `help-${path}`, text: help });
    const error = el('span', { class: 'error', id: `error-${path}` });
    control.setAttribute('aria-describedby', `help-${path} error-${path}`);
    if (value !== undefined && value !== null) {
      control.value = value;
    }
    this.fields.set(path, { control, error });
    return el('div', { class: 'field' }, el('label', { for: control.id, text: name }), control, note, error);
  }

  /** What the form says, over what the task said before. */
  definition() {
    const definition = structuredClone(this.task?.definition ?? {});
    definition.classes = this.fields.get('classes').control.value.split('\n').map((line) => line.trim()).filter(Boolean);
    definition.template = this.fields.get('template').control.value;
    for (const { path, options } of ADVANCED) {
      const { value } = this.fields.get(path).control;
      if (value !== '') {
        write(definition, path, options ? value : Number(value));
      }
    }
    return definition;
  }

  async submit(event) {
    event.preventDefault();
    this.show([]);
    const name = this.task?.name ?? this.fields.get('name').control.value.trim();
    if (!name) {
      this.show(['name is missing']);
      return;
    }
    const definition = this.definition();
    if (this.busy || (this.task && !await this.beforeChange(this.task.definition, definition))) {
      return;
    }
    this.busy = true;
    try {
      await api.define(name, definition, !this.task);
      this.onDone(name);
    } catch (error) {
      this.show(error.errors ?? [error.message]);
    } finally {
      this.busy = false;
    }
  }

  /** Puts each refusal where it belongs; those about no field stand below the form. */
  show(errors) {
    const others = [];
    for (const { control, error } of this.fields.values()) {
      error.textContent = '';
      control.removeAttribute('aria-invalid');
    }
    for (const message of errors) {
      const found = this.fields.get(this.about(message));
      if (!found) {
        others.push(message);
        continue;
      }
      found.error.textContent += `${found.error.textContent ? '; ' : ''}${message}`;
      found.control.setAttribute('aria-invalid', 'true');
      const folded = found.control.closest('details');
      if (folded) {
        folded.open = true;
      }
    }
    this.alert.textContent = others.join('; ');
    this.node.querySelector('[aria-invalid]')?.focus();
  }

  about(message) {
    return /^(a task's name|there is a task named|name )/.test(message) ? 'name' : message.split(/[\s[]/)[0];
  }
}

/** What a change of a definition means, in sentences. */
export function consequences(before, after) {
  const same = before.template === after.template && before.classes.join('\n') === after.classes.join('\n');
  return same ? 'The next round follows the new settings. What is live stays.'
    : 'Other classes or another sentence end the live prompt’s service: a zero-shot prompt for them is made, and labels from then on. '
      + 'A round that runs now is held, a pin ends, and the figures on this page begin anew. What was written stays in the topics.';
}
