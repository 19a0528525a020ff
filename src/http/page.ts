import type { StoredRun } from '../store/port.ts';
import { runProblems, runWords } from './run-words.ts';
import type { Counted, Status } from './status.ts';

/** Text put into HTML: a record named `<img onerror>` stays text. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The status page: connections, last runs, stages and bands as bars. No script; styles come from `/style.css`. */
export function statusPage(status: Status, now: number, timezone: string): string {
  const time = (value: number | null): string => (value === null ? 'never' : localTime(value, timezone));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30">
<title>Waystage</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><h1>Waystage</h1><p>Journey stage and customer health, kept true in your CRMs. As of ${escapeHtml(time(now))} (${escapeHtml(timezone)}).</p></header>
<main>
${status.mappingProblem === null ? '' : `<section class="warning" role="alert"><h2>The rules in the files have errors</h2><p>The last good version stays in use.</p><pre>${escapeHtml(status.mappingProblem)}</pre></section>`}
<section><h2>Connections</h2>${connectionsTable(status, time)}</section>
${status.journeys.map(journeySection).join('\n')}
<section><h2>Last runs</h2>${runsTable(status.runs, time)}</section>
</main>
</body>
</html>
`;
}

function connectionsTable(status: Status, time: (value: number | null) => string): string {
  if (status.connections.length === 0)
    return '<p>No connection yet. Add one to <code>config/waystage.yaml</code>.</p>';
  const rows = status.connections.map(
    (connection) => `<tr>
<th scope="row">${escapeHtml(connection.id)}</th>
<td>${escapeHtml(connection.label)}${connection.account === null ? '' : `<br><small>${escapeHtml(connection.account)}</small>`}</td>
<td>${connection.problem === null ? '<span class="good">ok</span>' : `<span class="bad">${escapeHtml(connection.problem)}</span>`}</td>
<td class="number">${number(connection.records)}</td>
<td>${writing(connection)}</td>
<td>${connection.schedule === null ? 'by hand' : `<code>${escapeHtml(connection.schedule)}</code>`}</td>
<td>${escapeHtml(time(connection.checkedAt))}</td>
</tr>`,
  );
  const ambiguous =
    status.ambiguous === 0
      ? ''
      : `<p>${number(status.ambiguous)} ${status.ambiguous === 1 ? 'record' : 'records'} could belong to several people or accounts and stayed apart: <code>waystage matches</code> lists them.</p>`;
  return `<div class="scroll" role="region" aria-label="Connections" tabindex="0"><table><thead><tr><th scope="col">Connection</th><th scope="col">CRM</th><th scope="col">State</th><th scope="col" class="number">Records</th><th scope="col">Writing</th><th scope="col">Schedule</th><th scope="col">Last contact</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>${ambiguous}`;
}

function writing({ pausedAt, writeMode }: Status['connections'][number]): string {
  if (pausedAt !== undefined && pausedAt !== null) return '<span class="bad">paused</span>';
  return writeMode === 'apply' ? 'writes' : 'plan only';
}

function journeySection(journey: Status['journeys'][number]): string {
  const who = journey.subject === 'person' ? 'people' : 'accounts';
  const stages =
    journey.stages.length === 0
      ? ''
      : `<h3>Stages${journey.stages.some((stage) => stage.offPath) ? ' <small>(grey: off the usual path)</small>' : ''}</h3>${bars(journey.stages, 'stage')}`;
  const bands = journey.bands.length === 0 ? '' : `<h3>Health</h3>${bars(journey.bands, 'band')}`;
  return `<section><h2>${escapeHtml(journey.label)} <small>${who}</small></h2><div class="pair"><div>${stages}</div><div>${bands}</div></div></section>`;
}

/** Bars as drawn rectangles with attributes, so that no inline style is needed. */
function bars(items: readonly Counted[], kind: string): string {
  const most = Math.max(1, ...items.map((item) => item.count));
  const total = items.reduce((sum, item) => sum + item.count, 0);
  const rows = items.map((item) => {
    const share = total === 0 ? 0 : Math.round((100 * item.count) / total);
    return `<tr><th scope="row">${escapeHtml(item.label)}</th><td class="number">${number(item.count)}</td><td class="number">${share}%</td><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${kind}${item.offPath ? ' off' : ''} ${kind}-${className(item.name)}" width="${((100 * item.count) / most).toFixed(2)}" height="10"></rect></svg></td></tr>`;
  });
  return `<table class="bars"><thead class="hidden"><tr><th scope="col">${kind === 'stage' ? 'Stage' : 'Band'}</th><th scope="col">Number</th><th scope="col">Share</th><td></td></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function className(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function runsTable(runs: readonly StoredRun[], time: (value: number | null) => string): string {
  if (runs.length === 0) return '<p>No runs yet. Start one with <code>waystage sync</code>.</p>';
  const rows = runs.map((run) => {
    const good = run.status === 'done' || run.status === 'running';
    const seconds = run.ended === null ? '' : ((run.ended - run.started) / 1000).toFixed(1);
    const problems = runProblems(run).map((text) => `<br><span class="bad">${escapeHtml(text)}</span>`);
    return `<tr><td class="when">${escapeHtml(time(run.started))}</td><td>${escapeHtml(run.kind)}</td><td><span class="${good ? 'good' : 'bad'}">${escapeHtml(run.status)}</span></td><td class="number">${seconds}</td><td class="words">${escapeHtml(runWords(run))}${problems.join('')}</td></tr>`;
  });
  return `<div class="scroll" role="region" aria-label="Last runs" tabindex="0"><table class="runs"><thead><tr><th scope="col">Started</th><th scope="col">What</th><th scope="col">Status</th><th scope="col" class="number">Seconds</th><th scope="col">What it did</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function localTime(value: number, timezone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: timezone,
  }).format(value);
}

export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6877; --line: #d8dee6; --paper: #ffffff; --back: #f4f6f9;
  --stage: #2f6fdb; --off: #9aa7b6; --good: #1a7f4b; --warn: #c98a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ecf2; --soft: #9fb0c3; --line: #2c3846; --paper: #18212c; --back: #10161e;
  --stage: #6aa0ff; --off: #5c6b7c; --good: #5fd197; --warn: #f2c14e; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); }
header, main { max-width: 68rem; margin: 0 auto; padding: 1rem; }
header h1 { margin: 0; font-size: 1.6rem; }
header p { margin: 0; color: var(--soft); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin-bottom: 1rem; }
h2 { margin: 0 0 .5rem; font-size: 1.15rem; }
h2 small { color: var(--soft); font-weight: normal; }
h3 small { font-weight: normal; }
h3 { margin: .5rem 0 .25rem; font-size: .95rem; color: var(--soft); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--soft); font-size: .85rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.when { white-space: nowrap; }
.words { min-width: 16rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.scroll { overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 2rem; }
.bars th { width: 9rem; white-space: nowrap; }
.bars .number { width: 4rem; }
.bars .bar { padding-right: 0; }
.bars svg { width: 100%; height: .9rem; display: block; margin-top: .3rem; }
@media (max-width: 40rem) {
  .bars th { width: 7rem; }
  .bars .number { width: 3rem; }
  .runs thead { display: none; }
  .runs tr { display: block; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .runs td { display: inline-block; border: 0; padding: 0 .5rem 0 0; }
  .runs td:nth-child(4):not(:empty)::after { content: " s"; }
  .runs .words { display: block; min-width: 0; }
}
rect { fill: var(--stage); }
rect.off { fill: var(--off); }
rect.band-green, rect.band-healthy { fill: var(--good); }
rect.band-yellow { fill: var(--warn); }
rect.band-red, rect.band-at-risk, rect.band-critical, rect.band-poor { fill: var(--bad); }
rect.band-unknown { fill: var(--off); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warning { border-color: var(--bad); }
pre { white-space: pre-wrap; margin: 0; font-size: .85rem; }
`;
