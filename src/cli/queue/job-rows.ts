import { roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import { lastLine } from '../../commands/explain/words.ts';
import { stringify } from '../../commands/json-text.ts';
import { csvCells, csvHead, jobMembers } from '../../commands/queue/job-members.ts';
import { attemptsGranted, type Job, payloadText } from '../../queue/state/job.ts';
import { type PhaseContext, phaseOf } from '../../queue/state/phase.ts';
import { csvLine } from '../csv.ts';
import { LongTable } from '../long-table.ts';
import type { Session } from '../session.ts';
import type { Column } from '../table.ts';
import { cut, isoTime } from '../text.ts';
import { phaseColored, phaseName, phaseNote } from './phase-text.ts';

export type JobFormat = 'text' | 'table' | 'ndjson' | 'json' | 'csv';

/** Writes jobs one by one in one form. What the methods return must be awaited. */
export interface JobWriter {
  job(job: Job): Promise<void> | undefined;
  /** Ends the document; `summary` goes into the machine-readable forms. */
  end(summary: Readonly<Record<string, unknown>>): Promise<void> | undefined;
}

/** `deaths`: the table is about when and why jobs died. */
export function jobWriter(
  session: Session,
  format: JobFormat | 'ids',
  context: PhaseContext,
  deaths: boolean,
): JobWriter {
  const { out } = session;
  const silent = (): undefined => undefined;
  switch (format) {
    case 'ids':
      // Checked when enqueued: no id holds a line break or a control character.
      return { job: ({ id }) => out.line(out.isTerminal ? escapeText(id) : id), end: silent };
    case 'text':
      return { job: (job) => out.line(textLine(session, job, context)), end: silent };
    case 'table':
      return tableWriter(session, deaths ? deathTable(session, context) : jobTable(session, context));
    case 'ndjson':
      return {
        job: (job) => out.line(stringify(jobMembers(job, context))),
        end: (summary) => out.line(stringify({ walq: 1, kind: session.kind, summary })),
      };
    case 'json':
      return jsonWriter(session, context);
    case 'csv':
      return csvWriter(session, context);
  }
}

/** `job_1 retrying in 4s, after failed  name=mail attempt=2/3 payload={"n":1}`. */
function textLine({ style, width }: Session, job: Job, context: PhaseContext): string {
  const phase = phaseOf(job, context);
  const { name, group, priority } = job.options;
  const payload = payloadText(job);
  const note = phaseNote(phase, context.now);
  const head = `${escapeText(job.id)} ${phaseName(phase.kind)}${note === '' ? '' : ` ${note}`}`;
  const details = [
    `name=${escapeText(name)}`,
    ...(group === '' ? [] : [`group=${escapeText(group)}`]),
    ...(job.special?.key === undefined ? [] : [`key=${escapeText(job.special.key)}`]),
    ...(priority === 0 ? [] : [`priority=${priority}`]),
    `attempt=${job.attempt}/${attemptsGranted(job)}`,
    ...(payload === undefined ? [] : [`payload=${escapeText(payload)}`]),
  ].join(' ');
  const line = `${head}  ${details}`;
  const text = width === undefined ? line : cut(line, width);
  return text.length > head.length ? head + style.dim(text.slice(head.length)) : text;
}

interface JobTable {
  columns: readonly Column[];
  cells(job: Job): string[];
}

function jobTable({ style, width }: Session, context: PhaseContext): JobTable {
  const { now } = context;
  return {
    columns: [
      { title: 'ID', flexible: true, cutInside: true },
      { title: 'NAME', flexible: true },
      { title: 'PHASE' },
      { title: 'TRY', align: 'right' },
      { title: 'PRI', align: 'right' },
      width === undefined ? { title: 'CREATED' } : { title: 'AGE', align: 'right' },
      { title: 'NOTE', flexible: true },
    ],
    cells: (job) => {
      const phase = phaseOf(job, context);
      return [
        escapeText(job.id),
        escapeText(job.options.name),
        phaseColored(phase.kind, style),
        `${job.attempt}/${attemptsGranted(job)}`,
        String(job.options.priority),
        timeCell(job.createdAt, now, width),
        phaseNote(phase, now),
      ];
    },
  };
}

function deathTable({ width }: Session, { now }: PhaseContext): JobTable {
  return {
    columns: [
      { title: 'ID', flexible: true, cutInside: true },
      { title: 'NAME', flexible: true },
      width === undefined ? { title: 'DIED' } : { title: 'DIED', align: 'right' },
      { title: 'TRIES', align: 'right' },
      { title: 'REASON', flexible: true },
      { title: 'EXIT', align: 'right' },
      { title: 'ERROR', flexible: true },
    ],
    cells: (job) => {
      if (job.state !== 'dead') return [];
      return [
        escapeText(job.id),
        escapeText(job.options.name),
        timeCell(job.endedAt, now, width),
        `${job.attempt}/${attemptsGranted(job)}`,
        escapeText(job.reason),
        escapeText(job.signal ?? String(job.exitCode ?? '')),
        escapeText(lastLine(job.error) ?? ''),
      ];
    },
  };
}

/** 0 stands for "the foreign log had no time". */
function timeCell(ms: number, now: number, width: number | undefined): string {
  if (ms === 0) return '';
  return width === undefined ? isoTime(ms) : roughly(now - ms);
}

function tableWriter(session: Session, table: JobTable): JobWriter {
  const rows = new LongTable(session, table.columns);
  return { job: (job) => rows.row(table.cells(job)), end: () => rows.end() };
}

function jsonWriter({ out, kind }: Session, context: PhaseContext): JobWriter {
  let jobs = 0;
  const open = `{"walq":1,"kind":${JSON.stringify(kind)},"jobs":[`;
  return {
    job: (job) => out.write(`${jobs++ === 0 ? open : ','}\n${stringify(jobMembers(job, context))}`),
    end: (summary) => out.write(`${jobs === 0 ? open : '\n'}],${stringify(summary).slice(1)}\n`),
  };
}

function csvWriter({ out }: Session, context: PhaseContext): JobWriter {
  let head: string | undefined = csvLine(csvHead);
  const takeHead = (): string => {
    const text = head ?? '';
    head = undefined;
    return text;
  };
  return {
    job: (job) => out.write(takeHead() + csvLine(csvCells(job, context))),
    end: () => out.write(takeHead()),
  };
}
