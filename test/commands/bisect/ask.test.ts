import { expect, test } from 'vitest';
import { bisectAsking } from '../../../src/commands/bisect/bisect.ts';
import type { Answer } from '../../../src/commands/bisect/types.ts';
import { scanStore } from '../../../src/storage/read.ts';
import { type RandomLog, randomLog, type Step } from './random-log.ts';

const step = (id: string, kind: Step['kind'], snapshot: Step['snapshot'] = 'none'): Step => {
  return { id, kind, parent: undefined, snapshot, joined: false } as Step;
};

test('each state that is asked is the one after its event; snapshots are asked first, and cost no replay', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const log = await randomLog(
    [
      ...ids.map((id) => step(id, 'ENQUEUE', id === 'c' ? 'keep' : 'none')),
      ...ids.map((id) => step(id, 'DISPATCH', id === 'd' ? 'keep' : 'none')),
      ...ids.map((id) => step(id, 'ACK')),
    ],
    64 * 1024,
  );
  const sizes = new Map<number, number[]>();
  const result = await bisectAsking(log.context, { path: log.dir }, ({ machine }, seq) => {
    const { pending, in_flight, completed } = machine.counts;
    sizes.set(seq, [pending, in_flight, completed]);
    return { answer: in_flight > 2 || completed > 0 ? 'bad' : 'good' };
  });
  for (const [seq, counts] of sizes) {
    const begun = Math.max(0, Math.min(6, seq - 6));
    const done = Math.max(0, seq - 12);
    expect(counts, `seq ${seq}`).toEqual([Math.min(6, seq) - begun, begun - done, done]);
  }
  expect([...sizes.keys()].slice(0, 4)).toEqual([18, 0, 10, 3]);
  expect(result.turn?.seq).toBe(9);
  expect(result.probes.slice(2, 4)).toEqual([
    { seq: 10, answer: 'bad', replayed: 0, snapshot: 10 },
    { seq: 3, answer: 'good', replayed: 0, snapshot: 3 },
  ]);
  expect(sizes.size).toBeLessThanOrEqual(4 + 3);
});

/** Six jobs enqueued, a snapshot behind the third. */
const sixJobs = (): Promise<RandomLog> =>
  randomLog(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => step(id, 'ENQUEUE', id === 'c' ? 'keep' : 'none')),
    64 * 1024,
  );

/** Asks what these answers say, 'bad' from the end of them on. */
async function ask(log: RandomLog, answers: readonly Answer[]) {
  const result = await bisectAsking(log.context, { path: log.dir }, (_, seq) => ({ answer: answers[seq] ?? 'bad' }));
  return { ...result, asked: result.probes.map(({ seq }) => seq) };
}

test('a log without an event has one state: it is good, bad before it, or nobody knows', async () => {
  const log = await randomLog([], 64 * 1024);
  for (const [answer, outcome] of [
    ['good', 'never'],
    ['bad', 'before'],
    ['skip', 'unsure'],
  ] as const)
    expect(await ask(log, [answer]), answer).toMatchObject({ outcome, asked: [0] });
});

test('an end of the range that cannot be tried leaves all of it in question', async () => {
  const log = await sixJobs();
  const candidates = { from: 1, to: 6 };
  const good: Answer[] = ['good', 'good', 'good', 'good', 'good', 'good'];
  expect(await ask(log, [...good, 'skip'])).toMatchObject({ outcome: 'unsure', candidates, asked: [6] });
  expect(await ask(log, ['skip'])).toMatchObject({ outcome: 'unsure', candidates, asked: [6, 0] });
});

test('what lies in a hole is asked up to the last state before it, and no state twice', async () => {
  for (const [seq, answers, answer] of [
    [1, ['good'], { outcome: 'unsure', candidates: { from: 1, to: 3 }, asked: [6, 0, 3] }],
    [2, ['good', 'good'], { outcome: 'unsure', candidates: { from: 2, to: 3 }, asked: [6, 0, 3, 1] }],
    [2, ['good', 'skip'], { outcome: 'unsure', candidates: { from: 1, to: 3 }, asked: [6, 0, 3, 1] }],
    [2, ['good', 'bad'], { outcome: 'found', turn: { seq: 1 }, asked: [6, 0, 3, 1] }],
  ] as const) {
    const log = await sixJobs();
    await breakEvent(log, seq);
    expect(await ask(log, answers), `${seq} ${answers}`).toMatchObject({ verdict: 'corrupt', ...answer });
  }
});

/** One bit of its payload. */
async function breakEvent({ context, dir }: RandomLog, seq: number): Promise<void> {
  const { offset = 0, file = '' } = (await framesOf(context, dir)).find(({ seqFirst }) => seqFirst === seq) ?? {};
  const segment = await context.env.fs.open(`${dir}/${file}`, 'r+');
  const byte = new Uint8Array(1);
  await segment.read(byte, offset + 44);
  await segment.write(
    byte.map((value) => value ^ 1),
    offset + 44,
  );
  await segment.close();
}

async function framesOf({ env }: RandomLog['context'], dir: string) {
  const frames: { seqFirst: number; file: string; offset: number }[] = [];
  await scanStore(env, dir, {
    frame: ({ type, seqFirst, file, offset }) => {
      if (type === 'data') frames.push({ seqFirst, file, offset });
      return undefined;
    },
  });
  return frames;
}
