import { el, text } from './dom.js';
import { clock, count, counted } from './format.js';

const VERDICTS = { PROMOTED: 'promoted', HELD: 'held', ROLLED_BACK: 'rolled back', DRIFTED: 'stream changed' };

/** What is wrong with a task, in a few sentences; empty: nothing that is known. */
const trouble = (task) => [
  task.refused ? `live prompt refused: ${task.refused}` : '',
  task.failures ? `${counted(task.failures, 'round')} failed: ${task.failure}` : '',
].filter(Boolean).join(' · ');

/** All tasks, a row each; a click leads to the task. */
export class Overview {
  constructor(root, line) {
    this.root = root;
    this.line = line;
  }

  show({ tasks, waiting, deadLetters }) {
    text(this.line, [counted(tasks.length, 'task'), waiting === null ? 'how many images wait is not known' : `${counted(waiting, 'image')} waiting`,
      deadLetters ? counted(deadLetters, 'dead letter') : 'no dead letters'].join(' · '));
    const focused = document.activeElement?.dataset?.task;
    this.root.replaceChildren(...tasks.map((task) => this.row(task)));
    if (focused) {
      this.root.querySelector(`[data-task="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  row(task) {
    const wrong = trouble(task);
    const { verdict, running } = task;
    const state = running ? `round ${running.round} runs` : verdict ? `${VERDICTS[verdict.type]}${verdict.version === null ? '' : ` v${verdict.version}`}, ${clock(verdict.at)}` : 'no round yet';
    const cell = (name, value, more = '') => el('span', { class: 'cell' }, el('span', { class: 'name', text: name }), el('b', { text: value }), more ? el('span', { class: 'note', text: more }) : '');
    return el('li', {}, el('a', { class: 'panel glance', href: `#${encodeURIComponent(task.task)}`, dataset: { task: task.task, trouble: Boolean(wrong) } },
      el('span', { class: 'cell title' }, el('b', { text: task.task }), task.paused ? el('span', { class: 'chip', text: 'paused' }) : '', task.pinned === null ? '' : el('span', { class: 'chip', 'data-state': 'PINNED', text: 'pinned' })),
      cell('Rate', `${task.perSecond.toFixed(1)} a second`, `${count(task.predictions)} labelled`),
      cell('Live', task.live === null ? 'none yet' : `v${task.live}`, counted(task.labels, 'human label')),
      cell('Last verdict', state, verdict?.message ?? ''),
      wrong ? el('span', { class: 'trouble', text: wrong }) : ''));
  }
}
