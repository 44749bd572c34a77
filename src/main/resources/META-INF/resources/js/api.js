/** Asks the gateway; a refusal becomes an Error with the problem's own words. */
async function ask(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) {
    throw new Error(await reason(response));
  }
  const body = await response.text();
  return body ? JSON.parse(body) : null;
}

const post = (path, body) =>
  ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

async function reason(response) {
  try {
    const problem = await response.json();
    return [problem.detail, ...(problem.errors ?? [])].filter(Boolean).join('; ');
  } catch {
    return `${response.status} ${response.statusText}`;
  }
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
