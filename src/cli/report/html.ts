import { createHash } from 'node:crypto';
import { escapeText } from '../../base/escape.ts';
import { describeFinding } from '../../base/finding.ts';
import type { ReportData } from '../../commands/report/types.ts';
import { factLines } from '../doctor.ts';
import { verdictClauses, verdictWord } from '../findings.ts';
import { count, counted, isoTime } from '../text.ts';
import { version } from '../version.ts';
import { mapText, sampleText } from './sample-text.ts';

/** What a page is made of, beside the data: the files of the package. */
export interface PageParts {
  script: string;
  css: string;
}

const faultsShown = 20;

/**
 * The page. Its head can be read without the script: verdict, facts, faults, next commands. Nothing is loaded, sent or
 * run but the one script and the one style sheet whose hashes the policy names.
 */
export function* pageHtml(data: ReportData, packed: Buffer, { script, css }: PageParts): Generator<string> {
  const { diagnosis } = data;
  const word = verdictWord(diagnosis.verdict);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(css)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="walq ${html(version())}">
<title>${html(`${word} · ${diagnosis.store} · walq report`)}</title>
<style>${css}</style>
</head>
<body>
${headHtml(data)}
<main id="page" aria-busy="true">
<noscript><p class="notice">Charts and tables need JavaScript, which is off.</p></noscript>
</main>
<script type="text/plain" id="data">`;
  yield packed.toString('base64');
  yield `</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Any text as text of the page, in an element or between quotes. Control and bidi characters are made visible. */
function html(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return escapeText(text).replace(/[&<>"']/g, (character) => names[character] ?? '');
}

const toneOf: Readonly<Record<string, string>> = { clean: 'good', padded: 'good', torn: 'warn', degraded: 'warn' };

function headHtml(data: ReportData): string {
  const { diagnosis, madeMs } = data;
  const { verdict, log, store } = diagnosis;
  const [first = 'nothing is wrong with this store', ...rest] = verdictClauses(verdict, log);
  const facts = factLines(diagnosis, madeMs).filter(([label]) => label !== 'store');
  const rows = facts.map(([label, text]) => `<dt>${html(label)}</dt><dd>${html(text)}</dd>`).join('\n');
  const id = log.storeId === undefined ? '' : ` <span class="dim">id ${html(log.storeId)}</span>`;
  const tone = toneOf[verdict] ?? 'bad';
  const versions = `walq ${version()}, Node ${process.versions.node}`;
  const made = `made ${isoTime(madeMs)} by ${versions}; read only, nothing was changed`;
  return `<header class="head">
<p class="store">${html(store)}${id}</p>
<h1><span class="verdict ${tone}">${html(verdictWord(verdict))}</span> ${html(first)}</h1>
${rest.map((clause) => `<p class="clause">${html(clause)}</p>`).join('\n')}
<dl class="facts">
${rows}
</dl>
${faultsHtml(data)}${nextHtml(data)}${noticesHtml(data)}<p class="made">${html(made)}</p>
</header>`;
}

function faultsHtml({ diagnosis: { findings, traces } }: ReportData): string {
  if (findings.length === 0) return '';
  const shown = findings.slice(0, faultsShown).map((finding, index) => {
    const { severity, code } = finding;
    const trace = traces[index];
    const text = html(describeFinding(finding) + (trace === undefined ? '' : `; ${trace}`));
    const word = `<b class="severity ${severity}">${severity}</b>`;
    return `<li data-fault="${index}">${word} ${text} <span class="dim">${code}</span></li>`;
  });
  const more = findings.length - shown.length;
  const rest = more > 0 ? `<li class="dim">… and ${count(more)} more: walq wal verify lists them</li>` : '';
  const title = counted(findings.length, 'finding');
  const list = `<ul>\n${shown.join('\n')}${rest}\n</ul>`;
  return `<section class="faults" aria-label="findings"><h2>${title}</h2>${list}</section>\n`;
}

function nextHtml({ diagnosis: { steps } }: ReportData): string {
  if (steps.length === 0) return '';
  const items = steps.map(({ command, does }) => {
    return `<li><code>${html(command)}</code> <span class="dim">${html(does)}</span></li>`;
  });
  return `<section class="next" aria-label="what to do next"><h2>next</h2><ol>${items.join('')}</ol></section>\n`;
}

function noticesHtml({ sample, withPayloads, diagnosis }: ReportData): string {
  const texts = sampleText(sample);
  const merged = mapText(sample);
  if (withPayloads) texts.push('payloads, results and commands of jobs are in this page: mind who gets it');
  if (diagnosis.jobsError !== undefined) texts.push('the state at the end cannot be computed; see the findings');
  const notices = texts.map((text) => `<p class="notice">${html(text)}</p>\n`).join('');
  return notices + (merged === undefined ? '' : `<p class="made">${html(merged)}</p>\n`);
}
