// The models: which is in service and why, how each was judged, and one button to go back or forward.

import { call, element, report, $ } from './app.js';

const count = new Intl.NumberFormat();
const number = (value, digits = 4) => value === undefined || value === null ? '–' : value.toFixed(digits);
const estimate = e => `${number(e.mean)} (${number(e.low)}–${number(e.high)})`;
const names = { model: 'this model', inService: 'in service then', popular: 'popularity', recentPopular: 'recent popularity', itemItem: 'item–item' };
const more = [['mapAt20', 'MAP'], ['mrrAt20', 'MRR'], ['hitRateAt20', 'Hit rate'], ['coverageAt20', 'Coverage'], ['giniAt20', 'Gini'], ['noveltyAt20', 'Novelty'], ['diversityAt20', 'Diversity']];
let chosen = null;

export async function showModels() {
  const { models } = await call('/v1/models');
  $('models-hint').textContent = models.length ? '' : 'None has been trained yet.';
  $('model-list').replaceChildren(...models.slice(0, 12).map(model => {
    const results = model.metrics?.results;
    const open = element('button', { type: 'button', textContent: `version ${model.version}`, onclick: () => { chosen = model.version; showModel().catch(report); } });
    const row = element('li', {},
      element('div', { className: 'row' },
        element('span', {}, open, element('span', { className: 'meta', textContent: ` ${model.state} · ${model.learner}, rank ${model.rank} · ${new Date(model.trainedAt).toLocaleString()}` })),
        element('span', { className: 'actions' }, model.state === 'released' ? '' : element('button', { type: 'button', textContent: 'Release', onclick: () => release(model.version) }))),
      element('div', { className: 'meta', textContent: [
        results ? `NDCG@20 ${estimate(results.model.ndcgAt20)}, popularity ${number(results.popular?.ndcgAt20.mean)}` : 'not judged',
        model.drift ? `drift: items ${number(model.drift.items, 2)}, types ${number(model.drift.types, 2)}, factors ${number(model.drift.factors, 2)}` : '',
      ].filter(Boolean).join(' · ') }),
      element('div', { className: 'meta', textContent: model.reason ?? '' }));
    row.dataset.version = model.version;
    return row;
  }));
  if (chosen !== null) await showModel();
}

async function release(version) {
  try {
    await call(`/v1/models/${version}/release`, { method: 'POST' });
    await showModels();
  } catch (problem) {
    report(problem);
  }
}

async function showModel() {
  const model = await call(`/v1/models/${chosen}`);
  const parts = [element('h3', { textContent: `Version ${model.version}` }),
    element('p', { className: 'meta', textContent: `${count.format(model.interactions)} interactions of ${count.format(model.users)} users with ${count.format(model.items)} items, learned in ${number(model.trainSeconds, 1)} s` }),
    element('pre', { textContent: JSON.stringify(model.settings) })];
  if (model.metrics) {
    parts.push(element('p', { className: 'meta', textContent: `Judged on the newest events of ${count.format(model.metrics.users)} users, 95 % intervals` }),
      table(['', 'Recall@20', 'NDCG@20', ...more.map(m => m[1])], Object.entries(model.metrics.results).map(([name, set]) =>
        [names[name] ?? name, estimate(set.recallAt20), estimate(set.ndcgAt20), ...more.map(m => number(set.more[m[0]]))])));
    const bands = model.metrics.results.model.bands ?? [];
    if (bands.length) parts.push(table(['Band', 'Count', 'Recall@20', 'NDCG@20'], bands.map(b => [`${b.of}: ${b.name}`, count.format(b.count), number(b.recallAt20), number(b.ndcgAt20)])));
  }
  if (model.search) parts.push(...searchOf(model.search));
  $('model-detail').replaceChildren(...parts);
}

function searchOf({ seconds, trials }) {
  const best = Math.max(...trials.map(t => t.score)) || 1;
  let top = 0;
  const points = trials.map((t, n) => `${(n + .5) * 100 / trials.length},${40 - 38 * (top = Math.max(top, t.score)) / best}`).join(' ');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 40');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'Best score after each trial');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  line.setAttribute('points', points);
  svg.append(line);
  return [element('p', { className: 'meta', textContent: `Settings found by ${trials.length} trials in ${number(seconds, 0)} s; the best:` }), svg,
    table(['Stage', 'Score', 'Recall@20', 'NDCG@20', 'Seconds', 'Settings'], [...trials].sort((a, b) => b.score - a.score).slice(0, 8)
      .map(t => [t.stage, number(t.score), number(t.recallAt20), number(t.ndcgAt20), number(t.seconds, 1), JSON.stringify(t.settings)]))];
}

function table(heads, rows) {
  const line = (cells, kind) => element('tr', {}, ...cells.map(text => element(kind, { textContent: text })));
  return element('div', { className: 'wide' }, element('table', {}, element('thead', {}, line(heads, 'th')), element('tbody', {}, ...rows.map(row => line(row, 'td')))));
}
