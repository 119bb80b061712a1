import { expect, test } from 'vitest';
import { bisectAsking } from '../../../src/commands/bisect/bisect.ts';
import { randomLog, type Step } from './random-log.ts';

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
