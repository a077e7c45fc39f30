// The first page: choose a user, see what is known of them and what comes next, and watch an event change it.
// Everything goes through the public API at this address.

import { showModels } from './models.js';

export const $ = id => document.getElementById(id);
const count = new Intl.NumberFormat();
let current = null; // chosen user id
let turn = 0; // answers to an older choice are dropped
let shown = new Set(); // items of the recommendations on screen

class Problem extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

export async function call(path, options = {}) {
  const headers = { ...options.headers };
  const key = sessionStorage.getItem('key');
  if (key) headers['X-API-Key'] = key;
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: 'no-store' });
  } catch {
    throw new Problem(0, 'The server cannot be reached.');
  }
  if (response.status === 401) $('key-form').hidden = false;
  const body = response.headers.get('content-type')?.includes('json') ? await response.json() : null;
  if (!response.ok) throw new Problem(response.status, body?.detail ?? body?.title ?? `The server answered ${response.status}.`);
  return body;
}

export function report(problem) {
  $('problem').textContent = problem?.message ?? '';
  $('problem').hidden = !problem;
}

export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

// --- status

async function showStatus() {
  try {
    const status = await call('/v1/status');
    $('state').textContent = status.problems?.length ? `${status.state}: ${status.problems.join('; ')}` : status.state;
    $('model').textContent = status.releasedVersion ? `version ${status.releasedVersion}` : 'none yet';
    $('events').textContent = count.format(status.events);
    $('users').textContent = count.format(status.users);
    $('items').textContent = count.format(status.items);
    // What a training leaves behind shows when it ends.
    if (showStatus.training && showStatus.training !== 'idle' && status.training === 'idle') await showModels();
    $('training').textContent = showStatus.training = status.training;
    if (status.releasedVersion !== showStatus.version || status.events !== showStatus.events) {
      const first = showStatus.version === undefined;
      const released = status.releasedVersion !== showStatus.version;
      showStatus.version = status.releasedVersion;
      showStatus.events = status.events;
      if (released || first) await showModels();
      if (!first && (released || !$('user-list').children.length)) { await showUsers(); await showUser(); }
    }
    report(null);
  } catch (problem) {
    $('state').textContent = 'unreachable';
    report(problem);
  }
  setTimeout(showStatus, document.hidden ? 10000 : 2000);
}

// --- users

async function showUsers() {
  const prefix = $('prefix').value;
  const mine = ++showUsers.turn;
  const { users } = await call(`/v1/users?limit=25&prefix=${encodeURIComponent(prefix)}`);
  if (mine !== showUsers.turn) return;
  const rows = users.map(user => userButton(user.userId, count.format(user.events)));
  if (prefix && !users.some(user => user.userId === prefix)) rows.push(userButton(prefix, 'new'));
  $('user-list').replaceChildren(...rows.map(row => element('li', {}, row)));
  if (current === null && users.length) choose(users[0].userId);
}
showUsers.turn = 0;

function userButton(id, note) {
  const button = element('button', { type: 'button', onclick: () => choose(id) },
    element('span', { textContent: id }), element('span', { className: 'count', textContent: note }));
  button.dataset.user = id;
  button.setAttribute('aria-pressed', String(id === current));
  return button;
}

function choose(id) {
  current = id;
  shown = new Set();
  $('fresh').textContent = '';
  for (const button of document.querySelectorAll('#user-list button')) button.setAttribute('aria-pressed', String(button.dataset.user === id));
  showUser().catch(report);
}

// --- one user

const ofUser = (id, rest) => `/v1/users/${encodeURIComponent(id)}/${rest}`;

async function showUser() {
  if (current === null) return;
  const mine = ++turn;
  const [history, answer] = await Promise.all([
    call(ofUser(current, 'history')).catch(problem => { if (problem.status === 404) return { items: [] }; throw problem; }),
    call(ofUser(current, 'recommendations?count=12&reasons=3')),
  ]);
  if (mine !== turn) return;
  drawHistory(history);
  drawRecommendations(answer);
}

function drawHistory({ items }) {
  $('history-hint').textContent = items.length ? `${current}: ${count.format(items.length)} items, newest first` : `Nothing is known of ${current} yet.`;
  $('history').replaceChildren(...items.slice(0, 40).map(item => {
    const row = element('li', {},
      element('div', { className: 'title', textContent: item.title ?? item.itemId }),
      element('div', { className: 'meta', textContent: [
        ...(item.categories ?? []).slice(0, 2), new Date(item.lastAt).toLocaleDateString(),
        item.target < 0.5 ? 'disliked' : `weight ${item.weight.toPrecision(3)}`].join(' · ') }));
    row.dataset.item = item.itemId;
    return row;
  }));
}

const sources = {
  personal: 'from this user’s own history', session: 'from this session', similar: 'from similar items',
  trending: 'what is trending', popular: 'what is popular', latest: 'what is new',
};

function drawRecommendations({ source, modelVersion, items }) {
  $('source').textContent = `${source}: ${sources[source] ?? ''}${modelVersion ? ` · model ${modelVersion}` : ''}`;
  const before = shown;
  shown = new Set(items.map(item => item.itemId));
  $('recommendations').replaceChildren(...items.map(item => {
    const act = (type, label) => element('button', { type: 'button', textContent: label, onclick: () => record(item, type) });
    const row = element('li', { className: before.size && !before.has(item.itemId) ? 'new' : '' },
      element('div', { className: 'row' },
        element('span', { className: 'title', textContent: item.title ?? item.itemId }),
        element('span', { className: 'actions' }, act('view', 'View'), act('purchase', 'Buy'))),
      element('div', { className: 'meta', textContent: `score ${item.score.toPrecision(3)}` }));
    row.dataset.item = item.itemId;
    if (item.reasons?.length) row.append(reasons(item));
    return row;
  }));
}

function reasons({ reasons, rest }) {
  const percent = share => Math.round(share * 100);
  const line = (share, text) => element('li', {},
    element('meter', { min: 0, max: 1, value: Math.min(1, Math.abs(share)), title: `${percent(share)} %` }), element('span', { textContent: text }));
  const lines = reasons.map(({ share, title, itemId, term }) =>
    line(share, `${percent(share)} % ${share < 0 ? 'despite' : 'because of'} ${term ? `its ${term}` : title ?? itemId}`));
  if (percent(rest)) lines.push(line(rest, `${percent(rest)} % from the rest of the history`));
  return element('ul', { className: 'reasons' }, ...lines);
}

// --- an event, and how soon it shows

async function record(item, type) {
  const user = current;
  const started = performance.now();
  try {
    await call('/v1/events', {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId: user, itemId: item.itemId, type, occurredAt: new Date().toISOString() }),
    });
    // The event is durable now; ask until the history that answers come from holds it.
    while (performance.now() - started < 10000) {
      const { items } = await call(ofUser(user, 'history')).catch(() => ({ items: [] }));
      if (items.some(known => known.itemId === item.itemId)) {
        $('fresh').textContent = `· ${type} of “${item.title ?? item.itemId}” counted after ${Math.round(performance.now() - started)} ms`;
        break;
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    if (user === current) await showUser();
  } catch (problem) {
    report(problem);
  }
}

$('prefix').addEventListener('input', () => showUsers().catch(report));
$('key-form').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem('key', $('key').value.trim());
  $('key-form').hidden = true;
  showUsers().then(showUser).catch(report);
});
showStatus();
showUsers().catch(report);
