/** Asks the gateway; a refusal becomes an Error with the problem's own words. */
async function ask(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) {
    throw await refused(response);
  }
  const body = await response.text();
  return body ? JSON.parse(body) : null;
}

const post = (path, body) =>
  ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** The problem as an Error; `errors`: what is wrong with which part, where the gateway says so. */
async function refused(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    problem.detail = `${response.status} ${response.statusText}`;
  }
  const errors = problem.errors ?? [];
  const error = new Error([problem.detail, ...errors].filter(Boolean).join('; '));
  return Object.assign(error, { errors: errors.length ? errors : [problem.detail], status: response.status });
}

const at = (task) => `api/tasks/${encodeURIComponent(task)}`;

export const tasks = () => ask('api/tasks');
export const versions = (task) => ask(`${at(task)}/prompts`);
export const rounds = (task) => ask(`${at(task)}/rounds`);
export const round = (task, number, limit) => ask(`${at(task)}/rounds/${number}?spread=true&limit=${limit}`);
export const labels = (task) => ask(`${at(task)}/labels`);
export const labelOf = (task, imageId) => ask(`${at(task)}/labels/image?imageId=${encodeURIComponent(imageId)}`);
export const toLabel = (task, limit) => ask(`${at(task)}/labels/suggestions?limit=${limit}`);
export const label = (task, imageId, name) => post(`${at(task)}/labels`, { imageId, label: name });
export const score = (task) => ask(`api/scoreboard/${encodeURIComponent(task)}`);
export const deadLetters = () => ask('api/dead-letters');
export const command = (task, type, version, reason) =>
  post(`${at(task)}/commands`, { type, version, reason });

export const overview = () => ask('api/overview');
export const trace = (image) => ask(`api/images/${image.partition}/${image.offset}/trace`);
export const pseudolabels = (task, round) => ask(`${at(task)}/rounds/${round}/pseudolabels`);
export const remove = (task) => ask(at(task), { method: 'DELETE' });

/** Defines a task. `onlyNew`: a task of this name that is there already is left alone. */
export const define = (task, definition, onlyNew) => ask(at(task), {
  method: 'PUT', headers: { 'Content-Type': 'application/json', ...(onlyNew ? { 'If-None-Match': '*' } : {}) }, body: JSON.stringify(definition),
});

/** Sends an image's bytes to be labelled by one task. */
export const send = (task, id, file) => ask(`api/images?task=${encodeURIComponent(task)}&id=${encodeURIComponent(id)}`,
  { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file });
export const labelAll = (task, labels) => post(`${at(task)}/labels`, labels);

export const letterUrl = (letter) => `api/dead-letters/${letter.partition}/${letter.offset}/image`;
export const imageUrl = (image) => `api/images/${image.partition}/${image.offset}`;

/** Live updates of a task. Returns a function that ends them. */
export function follow(task, onUpdate, onLink) {
  const source = new EventSource(`api/events?task=${encodeURIComponent(task)}`);
  source.onopen = () => onLink('live');
  source.onerror = () => onLink(source.readyState === EventSource.CLOSED ? 'closed' : 'waiting');
  source.onmessage = (message) => {
    onLink('live');
    onUpdate(JSON.parse(message.data));
  };
  return () => source.close();
}
