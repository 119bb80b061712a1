import Table from 'cli-table3';
import type { Recovered } from '../commands/demo/measure.ts';
import type { Session } from './session.ts';
import { bytes, count } from './text.ts';

export interface Measured {
  wal: Recovered;
  snapshot: Recovered;
  both: Recovered;
}

/** The comparison of the three ways, with what was measured just now. */
export async function printTable(session: Session, measured: Measured, jobs: number): Promise<void> {
  const { style } = session;
  const { wal, snapshot, both } = measured;
  const table = new Table({
    head: ['', 'WAL only', 'snapshot only', 'both'].map((text) => style.strong(text)),
    style: { head: [], border: [] },
  });
  const row = (label: string, cell: (recovered: Recovered) => string) => [label, cell(wal), cell(snapshot), cell(both)];
  const whole = (recovered: Recovered) => recovered.found === recovered.answered;
  table.push(
    row('durability: jobs kept', (each) => `${count(each.found)} of ${count(each.answered)}`),
    row('recovery time', (each) => `${each.ms.toFixed(1)} ms`),
    row('events replayed', (each) => count(each.replayed)),
    row('disk used', (each) => bytes(each.bytes)),
    row('data complete', (each) =>
      whole(each) ? style.good('yes') : style.bad(`no, ${count(each.answered - each.found)} lost`),
    ),
  );
  await session.out.line(table.toString());
  await session.out.line(
    style.dim(
      `measured in this run: of ${count(jobs)} jobs, those answered before kill -9;\nsnapshot only = the newest snapshot of "both", without the log after it`,
    ),
  );
}
