import * as api from './api.js';
import { byId, el, text } from './dom.js';
import { count, counted, kind, percent, points, refusal, since } from './format.js';
import { changes } from './changes.js';
import { Chart } from './chart.js';
import { Classes } from './classes.js';
import { confirm } from './confirm.js';
import { Overview } from './overview.js';
import { TaskForm, consequences } from './taskform.js';
import { Upload } from './upload.js';
import { Labeller } from './label.js';
import { Panel } from './panel.js';
import { Round } from './round.js';
import { Stream } from './stream.js';
import { Versions } from './versions.js';
import { theme } from './theme.js';

const TASKS_EVERY = 5000;
const OVERVIEW_EVERY = 2000;
const SCORE_EVERY = 1500;
const ENOUGH = 20;

const labeller = new Labeller(() => loadLabels(current), (prediction) => panel.labelNext(current.task, prediction, current.versions),
  (message) => panel.dialog.open || notice(message));
const panel = new Panel(labeller);
const stream = new Stream(byId('stream'), byId('held'), (prediction) => panel.prediction(current.task, prediction, current.versions));
const chart = new Chart(byId('chart'), byId('marks'));
const classes = new Classes(byId('classes'), byId('classes-title'), byId('halves'));
const round = new Round(byId('round'), byId('round-state'));
const versions = new Versions(byId('versions'), command, (number) => panel.round(current.task, number, current.versions));

const overview = new Overview(byId('glances'), byId('overview-line'));
const ALL = '#/';
const NEW = '#/new';
let limit = 0;
new Upload({ task: () => (current.task ? { name: current.task, classes: current.definition.classes } : null), limit: () => limit, onNotice: notice });

let current = fresh(null);

/** What is known of the task on show. A new object for each task: what arrives late for the old one is dropped. */
function fresh(task) {
  return { task, versions: [], rounds: [], diary: [], score: null, stats: null, running: null, definition: null,
    structure: -1, scored: -1, live: null, labels: -1, stop: () => {} };
}

function select(task) {
  current.stop();
  current = fresh(task.name);
  define(task.definition);
  labeller.begin(task.name, task.definition.classes);
  classes.labelled(null);
  stream.clear();
  versions.clear();
  view('board');
  byId('task').value = task.name;
  if (hashTask() !== task.name) {
    history.replaceState(null, '', `#${encodeURIComponent(task.name)}`);
  }
  const mine = current;
  mine.stop = api.follow(task.name, (update) => mine === current && take(mine, update), link);
  loadScore(mine);
}

function define(definition) {
  const classesBefore = current.definition?.classes ?? [];
  current.definition = definition;
  if (classesBefore.length && classesBefore.join('\n') !== definition.classes.join('\n')) {
    labeller.begin(current.task, definition.classes);
  }
  text(byId('kind'), `${kind(definition)}${definition.paradigm === 'AUTO' ? '' : ', pinned'}`);
}

function take(mine, update) {
  mine.stats = update.stats;
  mine.running = update.round;
  stream.add(update.predictions);
  stream.settle(update.settled);
  figures(mine, update);
  if (update.stats.refusals > (mine.refusals ?? 0)) {
    notice(`${counted(update.stats.refusals, 'live prompt')} refused; the last: ${update.stats.lastRefusal}`);
  }
  mine.refusals = update.stats.refusals;
  round.show(mine.running, mine.rounds[0], mine.stats, mine.definition?.trigger, mine.diary);
  if (update.structure !== mine.structure) {
    mine.structure = update.structure;
    later(mine, 'lists', 300, () => loadLists(mine));
  }
  if (update.stats.labels !== mine.labels) {
    mine.labels = update.stats.labels;
    later(mine, 'labels', 300, () => loadLabels(mine));
  }
  if (update.stats.live !== mine.live) {
    mine.live = update.stats.live;
    later(mine, 'live', 0, () => loadScore(mine));
  }
  if (update.stats.scored !== mine.scored) {
    mine.scored = update.stats.scored;
    later(mine, 'scores', SCORE_EVERY, () => loadScore(mine));
  }
  if (!mine.score?.classes?.length) {
    later(mine, 'counts', SCORE_EVERY, () => classes.show(mine.score, mine.stats.classes));
  }
}

/** Does something soon, once, however often it is asked for meanwhile. */
function later(mine, name, millis, act) {
  mine.timers ??= {};
  mine.timers[name] ??= setTimeout(() => {
    delete mine.timers[name];
    if (mine === current) {
      act();
    }
  }, millis);
}

async function loadLists(mine) {
  await quietly(async () => {
    const [all, diary] = await Promise.all([api.versions(mine.task), api.rounds(mine.task)]);
    if (mine !== current) {
      return;
    }
    refusals(mine, diary.diary);
    mine.versions = all;
    mine.rounds = diary.rounds;
    mine.diary = diary.diary;
    versions.show(all, mine.rounds);
    round.show(mine.running, mine.rounds[0], mine.stats, mine.definition?.trigger, mine.diary);
    drawScore(mine);
  });
}

/** Says what the curator refused since the lists were loaded last. `diary`: entries, the newest first. */
function refusals(mine, diary) {
  const key = (entry) => `${entry.at} ${entry.type} ${entry.message}`;
  const heard = mine.heard;
  mine.heard = new Set(diary.map(key));
  const refused = diary.find((entry) => entry.type === 'REFUSED' && heard && !heard.has(key(entry)));
  if (refused) {
    notice(refusal(refused));
  }
}

async function loadScore(mine) {
  await quietly(async () => {
    const score = await api.score(mine.task);
    if (mine === current) {
      mine.score = score;
      drawScore(mine);
    }
  });
}

async function loadLabels(mine) {
  await quietly(async () => {
    const labels = await api.labels(mine.task);
    if (mine === current) {
      classes.labelled(labels);
      classes.show(mine.score, mine.stats?.classes);
      text(byId('labelled'), labels.labels ? `${counted(labels.labels, 'human label')} · next round ${labels.paradigm}` : 'no human labels yet');
    }
  });
}

function drawScore(mine) {
  const score = mine.score;
  if (!score) {
    return;
  }
  chart.show(score.series, changes(mine.diary));
  classes.show(score, mine.stats?.classes);
  text(byId('source'), score.window.scored ? `over ${counted(score.window.scored, 'image')}` : '');
  byId('source').title = `Where the truth comes from: ${score.source}`;
  const own = score.liveVersion;
  const enough = own && own.scored >= ENOUGH;
  const shown = enough ? own : score.window;
  text(byId('f-live'), percent(shown.live));
  text(byId('f-zero'), percent(shown.zeroShot));
  const change = shown.live === null ? null : shown.live - shown.zeroShot;
  text(byId('f-live-note'), change === null ? 'no truth known yet' : `${difference(change)}${mine.definition?.abstainBelow > 0 ? '; abstaining counts as wrong' : ''}`);
  byId('f-live-note').dataset.sign = change === null || Math.abs(change) < 0.0005 ? '' : change >= 0 ? 'up' : 'down';
  text(byId('f-zero-note'), change === null ? '\u00a0' : enough ? `${count(own.scored)} labelled by v${own.version}` : `the latest ${counted(shown.scored, 'image')}`);
}

/** How live and zero-shot accuracy differ; too little to be shown is nothing. */
function difference(change) {
  if (Math.abs(change) < 0.0005) {
    return 'the same as zero-shot';
  }
  return `${points(Math.abs(change)).slice(1)} points ${change >= 0 ? 'above' : 'below'} zero-shot`;
}

function figures(mine, update) {
  const stats = update.stats;
  text(byId('f-count-name'), stats.since ? `Labelled since ${since(stats.since)}` : 'Labelled');
  text(byId('f-count'), count(stats.predictions));
  text(byId('f-rate'), `${stats.perSecond < 10 ? stats.perSecond.toFixed(1) : count(Math.round(stats.perSecond))} a second`);
  text(byId('f-changed'), percent(stats.changed));
  text(byId('f-confidence'), percent(stats.confidence));
  text(byId('f-dead'), count(update.deadLetters));
  text(byId('f-dead-note'), update.deadLetters ? 'of all tasks: see why' : 'nothing was lost');
  byId('dead').dataset.some = update.deadLetters > 0;
  text(byId('model'), stats.modelId ?? '');
  text(byId('pause'), stats.paused ? 'Resume rounds' : 'Pause rounds');
  byId('pause').setAttribute('aria-pressed', stats.paused);
  byId('unpin').hidden = stats.pinned === null;
  text(byId('unpin'), `Unpin v${stats.pinned}`);
}

function link(state) {
  const node = byId('link');
  if (node.dataset.state !== state) {
    node.dataset.state = state;
    text(node, state === 'live' ? 'live' : 'reconnecting');
  }
}

const ASKS = {
  PIN: (v) => [`Pin version ${v.version}?`, 'It goes live and stays, whatever rounds find, until it is unpinned.', 'Pin'],
  ROLL_BACK: (v) => [v.wasLive ? `Roll back to version ${v.version}?` : `Make version ${v.version} live?`,
    'It labels from now on. Later rounds may promote others.', v.wasLive ? 'Roll back' : 'Make live'],
  UNPIN: () => ['Unpin?', 'The gate decides again what goes live.', 'Unpin'],
  REFINE_NOW: () => ['Refine now?', 'A round starts with what the pool has.', 'Refine'],
  PAUSE: () => ['Pause rounds?', 'Labelling goes on; no round starts.', 'Pause'],
  RESUME: () => ['Resume rounds?', 'Rounds start again when they are due.', 'Resume'],
};

async function command(type, version = null) {
  const task = current.task;
  const reason = await confirm(...ASKS[type](version));
  if (reason !== null) {
    await loudly(() => api.command(task, type, version?.version ?? null, reason));
  }
}

async function loudly(act) {
  try {
    await act();
  } catch (error) {
    notice(error.message);
  }
}

/** What is asked for again soon anyway may fail; the link's state tells. */
async function quietly(act) {
  try {
    await act();
  } catch (error) {
    console.warn(error);
  }
}

function notice(message) {
  const node = byId('notice');
  text(node, message);
  node.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { node.hidden = true; }, 8000);
}

/** Shows one of the page's views, and of the header what goes with it. */
function view(name) {
  for (const id of ['board', 'empty', 'overview']) {
    byId(id).hidden = id !== name;
  }
  for (const node of document.querySelectorAll('.of-task')) {
    node.hidden = name !== 'board';
  }
}

/** The task that the address names; what begins with a slash is no task's name. */
function hashTask() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

/** Ends what is on show of a task. */
function leave() {
  current.stop();
  current = fresh(null);
  byId('task').value = '';
}

function showForm(first) {
  leave();
  if (byId('empty').hidden) {
    text(byId('empty-title'), first ? 'What shall be labelled?' : 'A new task');
    const form = new TaskForm(null, { onDone: (name) => { location.hash = `#${name}`; } });
    byId('new-task').replaceChildren(form.node);
  }
  view('empty');
  link('live');
}

async function showOverview() {
  leave();
  view('overview');
  link('live');
  await loadOverview();
}

async function loadOverview() {
  const all = await api.overview();
  limit = all.largestImage;
  if (!byId('overview').hidden) {
    overview.show(all);
  }
}

function change() {
  const { task, definition } = current;
  const form = new TaskForm({ name: task, definition }, {
    beforeChange: async (before, after) => await confirm(`Change ${task}?`, consequences(before, after), 'Change', false) !== null,
    onDone: async () => {
      panel.dialog.close();
      await loadTasks();
    },
  });
  panel.show(`Change ${task}`, form.node, el('section', {}, el('h3', { text: 'Delete' }),
    el('p', { class: 'note', text: 'Images are no longer labelled for it, and no round starts. What was written stays in the topics.' }),
    el('p', { class: 'actions' }, el('button', { type: 'button', id: 'delete', class: 'danger', text: 'Delete task', onclick: () => remove(task) }))));
}

async function remove(task) {
  const sure = await confirm(`Delete ${task}?`, 'Its images are no longer labelled, and its human labels no longer count here. Predictions, prompts and rounds stay in the topics; a task of the same name goes on with its version numbers.', 'Delete', false);
  if (sure !== null) {
    await loudly(async () => {
      await api.remove(task);
      panel.dialog.close();
      location.hash = ALL;
    });
  }
}

async function loadTasks() {
  await quietly(async () => {
    const all = await api.tasks();
    const names = all.map((task) => task.name);
    const picker = byId('task');
    if (names.join('\n') !== [...picker.options].slice(1).map((option) => option.value).join('\n')) {
      picker.replaceChildren(el('option', { value: '', text: 'Choose a task' }), ...names.map((name) => el('option', { value: name, text: name })));
      picker.value = current.task ?? '';
    }
    picker.parentElement.hidden = names.length === 0;
    const wanted = hashTask();
    if (all.length === 0 || location.hash === NEW) {
      showForm(all.length === 0);
    } else if (location.hash === ALL || (!wanted && all.length > 1)) {
      await showOverview();
    } else if (current.task !== null && (wanted === current.task || !wanted) && names.includes(current.task)) {
      define(all.find((task) => task.name === current.task).definition);
    } else if (names.includes(wanted) || all.length === 1) {
      select(all.find((task) => task.name === wanted) ?? all[0]);
    } else {
      notice(`There is no task named ${wanted}.`);
      location.hash = ALL;
    }
    if (!limit) {
      await loadOverview();
    }
  });
}

byId('task').addEventListener('change', (event) => { location.hash = `#${encodeURIComponent(event.target.value || '/')}`.replace('%2F', '/'); });
window.addEventListener('hashchange', () => {
  panel.dialog.close();
  loadTasks();
});
byId('change').addEventListener('click', change);
byId('overview-dead').addEventListener('click', () => panel.deadLetters());
byId('refine').addEventListener('click', () => command('REFINE_NOW'));
byId('pause').addEventListener('click', () => command(current.stats?.paused ? 'RESUME' : 'PAUSE'));
byId('unpin').addEventListener('click', () => command('UNPIN'));
byId('label').addEventListener('click', () => labeller.next());
byId('dead').addEventListener('click', () => panel.deadLetters());
theme(byId('theme'));
await loadTasks();
setInterval(loadTasks, TASKS_EVERY);
setInterval(() => byId('overview').hidden || quietly(loadOverview), OVERVIEW_EVERY);
