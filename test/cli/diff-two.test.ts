import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { storeOf } from '../queue/cli/store-of.ts';
import { at, dispatch, enqueue } from '../queue/support/machines.ts';
import { changes, document, storesToCompare } from './diff-asked.ts';
import { raftLine } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const { base, whole, compacted } = storesToCompare();

describe('wal diff of two logs', () => {
  it('compares jobs by their ids, whatever their numbers in the logs', async () => {
    const other = await storeOf([
      enqueue('x'),
      { type: 'REMOVE', id: 'x', at },
      enqueue('a'),
      dispatch('a'),
      enqueue('b', { priority: 3 }),
    ]);
    const one = await storeOf([enqueue('a'), dispatch('a'), enqueue('b'), enqueue('c')]);
    expect(await changes([one, '--with', other])).toEqual(['~ b  pending', '- c  pending']);
    const { jobs, acrossLogs, events } = await document(['wal', 'diff', one, '--with', other, '--job', 'b']);
    expect(jobs[0].fields).toEqual({ priority: { before: 0, after: 3 } });
    expect([acrossLogs, events]).toEqual([true, undefined]);
    expect(await changes([one, '3', '3', '--with', other])).toEqual(
      ['- b  pending', '~ a  in_flight -> pending'].toReversed(),
    );
  });

  it('is asked for by --with alone: a second path is an error that says so', async () => {
    expect(await walq(['wal', 'diff', whole, compacted])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`next:  walq wal diff ${whole} --with ${compacted}\n`),
    });
    for (const args of [[whole], [whole, '1..5'], [whole, '1', '2', '3'], [whole, 'x'], [whole, '1', '--type', 'x']])
      expect((await walq(['wal', 'diff', ...args])).code, String(args)).toBe(2);
    expect((await walq(['wal', 'diff', join(base, 'nowhere'), '1'])).code).toBe(1);
  });

  it('of a copy there is no difference, compacted or not', async () => {
    expect(await walq(['wal', 'diff', whole, '--with', compacted, '--exit-code'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('jobs    12 -> 12: no difference'),
    });
  });

  it('reads logs of other systems, and compares what both can tell', async () => {
    const log = join(scratch(), 'raft.log');
    writeFileSync(
      log,
      raftLine(1, 'ENQUEUE', 'job_1') + raftLine(2, 'DISPATCH', 'job_1') + raftLine(3, 'ACK', 'job_1'),
    );
    expect(await changes([log, '1'])).toEqual(['~ job_1  pending -> completed']);
    expect(await changes([log, '3', '1'])).toEqual(['~ job_1  completed -> pending']);
    expect(await changes([whole, '3', '--with', log])).toEqual([]);
    expect(await changes([whole, '2', '2', '--with', log])).toEqual([]);
    expect(await changes([whole, '2', '@tail', '--with', log])).toEqual(['~ job_1  in_flight -> completed']);
  });
});

describe('snapshot diff', () => {
  const snap = (seq: number) => join(whole, 'snapshots', `${String(seq).padStart(20, '0')}.snap`);
  const lines = async (...args: string[]) => {
    const { stdout, code, stderr } = await walq(['snapshot', 'diff', ...args]);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };

  it('of a store is that of its two newest', async () => {
    const stdout = await lines(whole);
    expect(stdout).toContain('jobs    4 -> 12: 8 created, 4 the same\n');
    expect(stdout).toContain('events  8 enqueued, 8 dispatched, 8 completed\n');
    expect(await lines('--store', whole)).toBe(stdout);
  });

  it('names snapshots by seq, by file, as STORE@SEQ, and takes either order', async () => {
    const forth = await lines(whole, '12', '36');
    for (const args of [
      [whole, '12'],
      [`${whole}@12`, `${whole}@snap`],
      [snap(12), snap(36)],
      [whole, '@12', '@snap'],
      [snap(12), whole],
    ])
      expect(await lines(...args), String(args)).toBe(forth);
    expect(await lines('--store', whole, '12', '36')).toBe(forth);
    // A store that is typed and of which nothing is compared is not passed over; the variable gives way.
    const unused = await walq(['--store', join(whole, 'wal'), 'snapshot', 'diff', snap(12), snap(36)]);
    expect(unused).toMatchObject({ code: 2, stderr: expect.stringContaining('two stores are named') });
    expect((await walq(['snapshot', 'diff', snap(12), snap(36)], { env: { WALQ_STORE: '/no/such' } })).stdout).toBe(
      forth,
    );
    expect(await lines(whole, '36', '12')).toContain('jobs    12 -> 4: 8 gone, 4 the same\n');
    const { jobs } = await document(['snapshot', 'diff', whole, '12', '36', '--job', 'job_5']);
    expect(jobs).toMatchObject([
      { job: 'job_5', changes: ['created', 'finished'], before: null, after: { status: 'completed' } },
    ]);
  });

  it('reads snapshots of other systems, from standard input too', async () => {
    const input = '{"Jobs":{"job_1":{"Status":"pending"},"job_9":{"Status":"completed"}},"LastSeq":3}';
    const { stdout, code } = await walq(['snapshot', 'diff', snap(12), '-', '-o', 'ndjson'], { input });
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.at(0)).toMatchObject({
      job: 'job_1',
      changes: ['moved', 'changed'],
      fields: { status: { after: 'pending' } },
    });
    expect(rows.map(({ job }) => job)).toEqual(['job_1', 'job_2', 'job_3', 'job_4', 'job_9', undefined]);
    const twice = await walq(['snapshot', 'diff', '-', '-'], { input });
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('standard input can be read only once') });
    const raft = join(fixtures, 'raft-recovery/snapshot.json');
    expect(await lines(raft, raft)).toContain('no difference');
  });

  it('of what is no snapshot, or of one that is bad, is an error', async () => {
    const bad = join(fixtures, 'bad-snapshot');
    for (const [args, code] of [
      [[whole, '7'], 1],
      [[bad], 1],
      [[bad, '12', '31'], 3],
      [[join(fixtures, 'document/events.log'), snap(12)], 2],
      [[snap(12), join(base, 'nowhere')], 1],
      [[whole, '12', '36', '36'], 2],
    ] as const) {
      const ran = await walq(['snapshot', 'diff', ...args]);
      expect({ args, code: ran.code, stdout: ran.stdout }).toEqual({ args, code, stdout: '' });
    }
  });
});
