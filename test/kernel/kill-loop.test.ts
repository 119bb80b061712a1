import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratch, walq } from '../cli/run-walq.ts';
import { documentOf, startRunner } from '../queue/run/queue-cli.ts';
import { Prng } from '../support/seeded-random.ts';
import { tried } from '../support/tried.ts';

const kills = 20;
const workers = 3;

const rule = 'children alive, loses no job and repeats none but those it had in hand';

test(`a runner killed ${kills} times, ${rule}`, async (context) => {
  const dir = scratch();
  const store = `${dir}/store`;
  const effects = `${dir}/effects`;
  const prng = new Prng(7);
  const flags = ['-j', String(workers), '--crashes', '1000', '--kill-after', '50ms'];
  const small = ['--snapshot-every', '15', '--segment-size', '4k'];
  // The effect comes first and the verdict much later, so that a kill falls between the two.
  const handler = `echo "$WALQ_JOB_ID" >> ${effects}; sleep 0.03`;
  const acknowledged = new Set<string>();
  const verdicts: Record<string, number> = {};
  let issued = 0;
  for (let round = 0; round < kills; round++) {
    const runner = startRunner(store, [...flags, ...small, '--exec', handler]);
    await runner.says('ready');
    const input = Array.from({ length: 8 }, () => `{"id":"job_${issued++}"}`).join('\n');
    const sending = walq(['--store', store, 'queue', 'enqueue', '-f', '-', '--lock-timeout', '1s'], { input });
    if (prng.chance(0.8)) await runner.says(' completed ', 1 + prng.below(6));
    await runner.kill('SIGKILL');
    for (const line of (await sending).stdout.split('\n')) {
      if (line.endsWith(' enqueued')) acknowledged.add(line.split(' ')[0] ?? '');
    }
    const verify = await walq(['wal', 'verify', store]);
    const [, verdict = verify.stdout] = /^(OK|TORN|[A-Z]+)\b/m.exec(verify.stdout) ?? [];
    expect([0, 4], verify.stdout).toContain(verify.code);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  const last = await walq(['--store', store, 'queue', 'run', '--drain', '-q', ...flags, '--exec', handler]);
  expect(last.code, last.stderr).toBe(0);

  const state = await walq(['wal', 'replay', store, '-o', 'document']);
  const jobs = Object.entries((JSON.parse(state.stdout) as { Jobs: Record<string, { Status: string }> }).Jobs);
  for (const id of acknowledged) expect(jobs.map(([known]) => known)).toContain(id);
  expect(jobs.length).toBeLessThanOrEqual(issued);
  expect(jobs.filter(([, { Status }]) => Status !== 'completed')).toEqual([]);
  expect(documentOf((await walq(['wal', 'verify', store, '--json'])).stdout).error).toBeUndefined();

  const times = new Map<string, number>();
  for (const id of readFileSync(effects, 'utf8').trim().split('\n')) times.set(id, (times.get(id) ?? 0) + 1);
  expect([...times.keys()].sort()).toEqual(jobs.map(([id]) => id).sort());
  const repeated = [...times.values()].reduce((sum, count) => sum + count - 1, 0);
  expect(repeated, 'only jobs in flight run again').toBeLessThanOrEqual(kills * workers);
  expect(repeated, 'some were in flight').toBeGreaterThan(0);
  expect(acknowledged.size).toBeGreaterThan(kills);
  tried(context, 'kill-9', verdicts);
  tried(context, 'handlers', { 'runner killed, effect repeated': repeated });
});
