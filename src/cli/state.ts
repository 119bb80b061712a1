import { escapeText } from '../base/escape.ts';
import type { Finding } from '../base/finding.ts';
import { documentJob, type JobRow, jobDocument, raftRecoveryJob } from '../commands/job-row.ts';
import { JsonText, stringify } from '../commands/json-text.ts';
import { goJson } from '../formats/raft-recovery/write.ts';
import { jobStates } from '../queue/state/job.ts';
import type { Verdict } from '../storage/types.ts';
import type { stateFormats } from './command.ts';
import type { Session } from './session.ts';
import { countCell, renderTable } from './table.ts';
import { isoTime } from './text.ts';

export type StateFormat = (typeof stateFormats)[number];

/** A state to show, whatever it came from. */
export interface StateView {
  /** Last seq in it; text where it may exceed 2^53; undefined where nothing says. */
  seq: number | string | undefined;
  counts: Readonly<Record<JobRow['status'], number>>;
  jobs(): Iterable<JobRow>;
  /** Lines for people: where the state came from. */
  origin: string[];
  /** Members for machines: the same. */
  facts: Readonly<Record<string, unknown>>;
  verdict: Verdict;
  findings: readonly Finding[];
}

const batchRows = 500;

/** Writes the state in one of its forms, a row at a time. */
export async function writeState(session: Session, view: StateView, format: StateFormat, exit: number): Promise<void> {
  const { out } = session;
  session.settle();
  const { facts, counts, verdict, findings } = view;
  const seq = typeof view.seq === 'string' && /^\d+$/.test(view.seq) ? new JsonText(view.seq) : (view.seq ?? null);
  const summary = { ...facts, seq, counts, verdict, findings, exit };
  switch (format) {
    case 'summary':
      return await writeSummary(session, view);
    case 'table':
      return await writeTable(session, view);
    case 'json': {
      const members = stringify(summary).slice(1);
      await out.write(`{"walq":1,"kind":${JSON.stringify(session.kind)},"jobs":[`);
      let rows = 0;
      for (const row of view.jobs()) await out.write(`${rows++ === 0 ? '' : ','}\n${stringify(jobDocument(row))}`);
      await out.write(`${rows === 0 ? '' : '\n'}],${members}\n`);
      return;
    }
    case 'ndjson':
      for (const row of view.jobs()) await out.line(stringify(jobDocument(row)));
      await out.line(stringify({ walq: 1, kind: session.kind, summary }));
      return;
    case 'document': {
      let rows = 0;
      await out.write('{"Jobs":{');
      for (const row of view.jobs())
        await out.write(`${rows++ === 0 ? '' : ','}${JSON.stringify(row.id)}:${stringify(documentJob(row))}`);
      await out.write(`},"LastSeq":${stringify(seq)}}\n`);
      return;
    }
    case 'raft-recovery':
      await writeRaftRecovery(session, view, seq);
  }
}

/** Go writes the jobs in the order of the bytes of their ids. */
async function writeRaftRecovery(session: Session, view: StateView, seq: unknown): Promise<void> {
  const { out } = session;
  const rows = [...view.jobs()].map((row) => ({ row, key: Buffer.from(row.id) }));
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  await out.write('{"jobs":{');
  for (const [at, { row }] of rows.entries()) {
    await out.write(goJson(`${at === 0 ? '' : ','}${JSON.stringify(row.id)}:${stringify(raftRecoveryJob(row))}`));
  }
  await out.write(`},"schema_ver":1,"last_seq":${stringify(seq ?? 0)}}\n`);
}

async function writeSummary(session: Session, view: StateView): Promise<void> {
  const { out, style, width } = session;
  for (const line of view.origin) await out.line(style.dim(line));
  const total = jobStates.reduce((sum, state) => sum + view.counts[state], 0);
  const columns = [{ title: 'JOBS' }, { title: 'COUNT', align: 'right' as const }];
  const rows = [
    ...jobStates.map((state) => [state, countCell(view.counts[state], session)]),
    ['all', countCell(total, session)],
  ];
  await out.write(renderTable(columns, rows, { width, style }));
  await out.line(`last seq ${view.seq ?? 'unknown'}`);
}

async function writeTable(session: Session, view: StateView): Promise<void> {
  const { out, style, width } = session;
  const columns = [
    { title: 'JOB', flexible: true, cutInside: true },
    { title: 'STATUS' },
    { title: 'ATTEMPT', align: 'right' as const },
    { title: 'NAME', flexible: true },
    { title: 'CHANGED' },
    { title: 'PAYLOAD', flexible: true },
  ];
  let rows: string[][] = [];
  let headless = false;
  const print = async (): Promise<void> => {
    if (headless && rows.length === 0) return;
    await out.write(renderTable(columns, rows, { width, style, headless }));
    rows = [];
    headless = true;
  };
  for (const row of view.jobs()) {
    const changed = Number(row.changedMs ?? Number.NaN);
    rows.push([
      escapeText(row.id),
      row.status,
      String(row.attempt),
      escapeText(row.name),
      Number.isSafeInteger(changed) ? isoTime(changed) : '',
      row.payload === undefined ? '' : escapeText(row.payload.text),
    ]);
    if (rows.length >= batchRows) await print();
  }
  await print();
}
