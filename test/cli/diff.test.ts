import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { storeOf } from '../queue/cli/store-of.ts';
import { ack, at, dispatch, enqueue, prune, retry } from '../queue/support/machines.ts';
import { changes, document, storesToCompare } from './diff-asked.ts';
import { contents, damage, firstMs } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const { whole, compacted } = storesToCompare();

describe('wal diff', () => {
  it('tells what became of each job between two points, totals first', async () => {
    const { stdout, code } = await walq(['wal', 'diff', whole, '5', '10']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `before  seq 5  ${new Date(firstMs + 4000).toISOString()}`,
      `after   seq 10  ${new Date(firstMs + 9000).toISOString()}  5s later`,
      'jobs    2 -> 4: 2 created, 1 changed, 1 the same',
      'status  pending 0 -> 1, in_flight 1 -> 0, completed 1 -> 3',
      'moves   in_flight -> completed 1, new completed 1, new pending 1',
      'events  2 enqueued, 1 dispatched, 2 completed',
      '',
      '~ job_2  in_flight -> completed  duration=5ms',
      '+ job_3  completed  name=mail, attempt=1, payload={"n":3,"big":9007199254740993}',
      '+ job_4  pending  name=mail, payload={"n":4,"big":9007199254740993}',
      '',
    ]);
  });

  it('takes points of every kind, in any place a point may stand, and the end when one is left out', async () => {
    const expected = ['~ job_12  in_flight -> completed'];
    const second = (seq: number) => new Date(firstMs + (seq - 1) * 1000).toISOString();
    for (const points of [['35', '36'], ['35'], ['@-2'], ['-2'], [second(35)], [second(35.5), '@tail'], ['35', '-1']])
      expect(await changes([whole, ...points]), String(points)).toEqual(expected);
    expect(await changes(['--store', whole, '35', '@snap'])).toEqual(expected);
    expect(await changes([whole, '36', '@tail'])).toEqual([]);
    expect(await changes([whole, '0', '1'])).toEqual(['+ job_1  pending']);
  });

  it('goes backwards when the first point is the later one', async () => {
    const { stdout } = await walq(['wal', 'diff', whole, '10', '5']);
    expect(stdout).toContain('  5s earlier\n');
    expect(await changes([whole, '10', '5'])).toEqual([
      '~ job_2  completed -> in_flight',
      '- job_3  completed',
      '- job_4  pending',
    ]);
    expect((await document(['wal', 'diff', whole, '10', '5'])).backwards).toBe(true);
  });

  it('gives the same in one reading and in two, from snapshots and from the start', async () => {
    for (const [a, b] of [
      ['3', '11'],
      ['3', '36'],
      ['13', '30'],
      ['12', '12'],
      ['36', '1'],
    ] as const) {
      const { jobs, totals } = await document(['wal', 'diff', whole, a, b]);
      const state = async (until: string) => (await document(['wal', 'replay', whole, '--until', until])).jobs;
      const [before, after] = [new Map<string, string>(), new Map<string, string>()];
      for (const job of await state(a)) before.set(job.id, JSON.stringify(job));
      for (const job of await state(b)) after.set(job.id, JSON.stringify(job));
      const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
        (id) => before.get(id) !== after.get(id),
      );
      expect(jobs.map(({ job }: { job: string }) => job).toSorted()).toEqual(differing.toSorted());
      expect(totals.differing).toBe(differing.length);
    }
  });

  it('needs no snapshot further back than there is: what compaction has removed is named', async () => {
    expect(await walq(['wal', 'diff', compacted, '5', '36'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: [
        'error: seq 5 lies before the start of this log; the earliest is seq 36; ',
        'what came before is not in the store any more [E_BEFORE_BASE]\n',
        `next:  walq wal diff ${compacted} 36 36\n`,
      ].join(''),
    });
    expect(await changes([compacted, '36'])).toEqual([]);
  });

  it.each([
    ['36', '5'],
    ['1', '5'],
    ['5', '@tail'],
  ])('names points that are there, whichever of %s and %s is not', async (a, b) => {
    const { code, stderr } = await walq(['wal', 'diff', compacted, a, b]);
    expect(code).toBe(2);
    expect(stderr).toContain(`\nnext:  walq wal diff ${compacted} 36 @tail\n`);
    expect(await changes([compacted, '36', '@tail'])).toEqual([]);
  });

  it('shows one job field by field, before and after, changed or not', async () => {
    const { stdout, code } = await walq(['wal', 'diff', whole, '5', '6', '--job', 'job_2,job_1']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '\n~ job_2  in_flight -> completed\n \tFIELD\tBEFORE\tAFTER\n*\tstatus\tin_flight\tcompleted\n',
    );
    expect(stdout).toMatch(/^\*\towner\.runner\t[0-9a-f]{12}\t-$/m);
    expect(stdout).toContain('\n= job_1  completed\n');
    const { jobs } = await document(['wal', 'diff', whole, '5', '6', '--job', 'job_2']);
    expect(jobs).toMatchObject([
      {
        job: 'job_2',
        changes: ['moved', 'finished'],
        before: { id: 'job_2', status: 'in_flight', payload: { n: 2 } },
        after: { id: 'job_2', status: 'completed', payload: { n: 2 } },
        fields: { status: { before: 'in_flight', after: 'completed' }, durationMs: { before: null, after: 5 } },
      },
    ]);
    expect(await walq(['wal', 'diff', whole, '5', '6', '--job', 'nobody'])).toMatchObject({
      code: 1,
      stderr: 'neither side knows a job nobody [E_JOB_UNKNOWN]\n',
    });
  });

  it('filters by kind of change, status, name and prefix, and stops at a limit; totals count everything', async () => {
    const of = (...args: string[]) => changes([whole, '5', '10', ...args]);
    expect(await of('--type', 'created')).toEqual(['+ job_3  completed', '+ job_4  pending']);
    expect(await of('--type', 'moved,died')).toEqual(['~ job_2  in_flight -> completed']);
    expect(await of('--state', 'pending')).toEqual(['+ job_4  pending']);
    expect(await of('--name', 'nobody')).toEqual([]);
    expect(await of('--id-prefix', 'job_3')).toEqual(['+ job_3  completed']);
    expect(await of('--where', 'payload.n >= 3 and status = completed')).toEqual(['+ job_3  completed']);
    expect((await walq(['wal', 'diff', whole, '5', '--where', 'age > 1h'])).code).toBe(2);
    expect(await of('-n', '0')).toEqual([]);
    const { jobs, totals } = await document(['wal', 'diff', whole, '5', '10', '-n', '1']);
    expect([jobs.length, totals.differing]).toEqual([1, 3]);
  });

  it('ends with 1 for a difference only when asked to', async () => {
    for (const [args, code] of [
      [['5', '10', '--exit-code'], 1],
      [['5', '10', '--exit-code', '-n', '0'], 1],
      [['5', '10', '--exit-code', '--name', 'nobody'], 0],
      [['5', '5', '--exit-code'], 0],
      [['5', '10'], 0],
      [['5', '10', '--exit-code', '--job', 'job_1'], 0],
      [['5', '10', '--exit-code', '--job', 'job_2'], 1],
    ] as const) {
      expect({ args, code: (await walq(['wal', 'diff', whole, ...args])).code }).toEqual({ args, code });
    }
  });

  it('tells of settings, and how jobs left', async () => {
    const store = await storeOf([
      { type: 'LIMIT', id: '', at, group: 'eu', concurrency: 4 },
      { type: 'PAUSE', id: '', at, name: 'mail', reason: 'down' },
      enqueue('r'),
      enqueue('p'),
      dispatch('p'),
      ack('p'),
      { type: 'LIMIT', id: '', at, group: 'eu', concurrency: 8 },
      { type: 'RESUME', id: '', at, name: 'mail' },
      { type: 'REMOVE', id: 'r', at },
      prune(['p']),
      enqueue('j'),
      { type: 'UPDATE', id: 'j', at, priority: 2 },
      dispatch('j'),
      retry('j', { runAt: at + 5, exitCode: 3 }),
    ]);
    const { stdout } = await walq(['wal', 'diff', store, '6']);
    expect(stdout.slice(stdout.indexOf('\n\n') + 2).split('\n')).toEqual([
      '~ limits of group eu  concurrency 4 -> 8',
      '- pause of jobs named mail',
      '- r  pending, removed',
      '- p  completed, pruned  attempt=1',
      '+ j  pending  attempt=1',
      '',
    ]);
    expect(await document(['wal', 'diff', store, '6'])).toMatchObject({
      settings: [
        { kind: 'limits', scope: { group: 'eu' } },
        { kind: 'pause', scope: { name: 'mail' } },
      ],
      jobs: [{ left: 'removed' }, { left: 'pruned' }, { changes: ['created', 'retried'] }],
    });
    const pending = await walq(['wal', 'diff', store, '11', '--type', 'changed,retried']);
    const due = '2025-11-24T16:00:00.000Z -> 2025-11-24T16:00:00.005Z';
    expect(pending.stdout).toContain(
      `~ j  pending  attempt 0 -> 1, priority 0 -> 2, runAt ${due}, retried: failed, exit 3
`,
    );
    expect((await walq(['wal', 'diff', store, '6', '--type', 'gone', '--exit-code'])).code).toBe(1);
  });

  it('streams JSON lines whose last one is the summary', async () => {
    const { stdout } = await walq(['wal', 'diff', whole, '5', '10', '-o', 'ndjson']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ job }) => job)).toEqual(['job_2', 'job_3', 'job_4', undefined]);
    expect(stdout).toContain('"payload":{"n":3,"big":9007199254740993}');
    expect(lines.at(-1)).toMatchObject({ walq: 1, kind: 'wal.diff', summary: { shown: 3, exit: 0 } });
  });

  it('says on a damaged log what the two states are worth, and never ends with 0', async () => {
    const dir = join(scratch(), 'store');
    cpSync(whole, dir, { recursive: true });
    const row = JSON.parse((await walq(['wal', 'inspect', dir, '9', '-o', 'ndjson'])).stdout.split('\n')[0] ?? '');
    damage(join(dir, row.file), row.offset + 44);
    const across = await walq(['wal', 'diff', dir, '5', '36']);
    expect(across).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`CORRUPT  ${dir}: the states compared are whole`),
    });
    expect(across.stdout).toContain('jobs    2 -> 12: 10 created, 1 changed, 1 the same');
    expect((await walq(['wal', 'diff', dir, '5', '10'])).code).toBe(3);
  });

  it('writes nothing', async () => {
    const before = contents(whole);
    for (const args of [
      [whole, '5'],
      [whole, '--with', compacted],
      [whole, '10', '5', '--job', 'job_1'],
    ])
      expect((await walq(['wal', 'diff', ...args])).code).toBe(0);
    expect(contents(whole)).toEqual(before);
  });
});
