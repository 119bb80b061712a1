import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { SimFile } from '../../support/sim-file.ts';
import { ListMachine } from '../crash/list-machine.ts';

/** A disk whose syncs take `syncMs` of a clock that goes on by nothing else, and what was called of it. */
function timedDisk() {
  const env = simEnv();
  const calls: string[] = [];
  const disk = { env, calls, syncMs: 0.3, now: 0 };
  env.clock.monotonic = () => disk.now;
  const { datasync, datasyncSync } = SimFile.prototype;
  SimFile.prototype.datasync = function (this: SimFile) {
    calls.push('datasync');
    disk.now += disk.syncMs;
    return datasync.call(this);
  };
  SimFile.prototype.datasyncSync = function (this: SimFile) {
    calls.push('datasyncSync');
    disk.now += disk.syncMs;
    datasyncSync.call(this);
  };
  onTestFinished(() => {
    Object.assign(SimFile.prototype, { datasync, datasyncSync });
  });
  return disk;
}

test('syncs are waited for in place on a quick disk, and not while it is slow', async () => {
  const disk = timedDisk();
  const { env, calls } = disk;
  const store = await openStore(env, '/s', { machine: () => new ListMachine(), create: true });
  const syncsOf = async (appends: number): Promise<string[]> => {
    calls.length = 0;
    for (let number = 0; number < appends; number++) await store.append(packed([Buffer.from('x')]));
    return calls;
  };
  expect(await syncsOf(3)).toEqual(['datasync', 'datasyncSync', 'datasyncSync']);
  disk.syncMs = 40;
  expect(await syncsOf(3)).toEqual(['datasyncSync', 'datasync', 'datasync']);
  disk.syncMs = 0.3;
  expect((await syncsOf(40)).at(-1)).toBe('datasyncSync');
});

test('one asker who was slow once has its syncs in place all the same', async () => {
  const disk = timedDisk();
  const store = await openStore(disk.env, '/s', { machine: () => new ListMachine(), create: true });
  // That of the first one is not known yet.
  await store.append(packed([Buffer.from('x')]));
  disk.calls.length = 0;
  for (let number = 0; number < 40; number++) {
    await store.append(packed([Buffer.from('x')]));
    // A pause for garbage, or a busy machine.
    if (number === 5) disk.now += 50;
  }
  expect(new Set(disk.calls)).toEqual(new Set(['datasyncSync']));
});

test('askers from outside, who come one in each turn of the event loop, share a sync', async () => {
  const store = await openStore(simEnv(), '/s', { machine: () => new ListMachine(), create: true });
  const commitsOf = async (asks: number): Promise<number> => {
    const before = store.stats.commits;
    // Until nothing waits any more of what was before.
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => {
      let answers = 0;
      const ask = (left: number) => {
        if (left > 1) setImmediate(() => ask(left - 1));
        void store.append(packed([Buffer.from('x')])).then(() => {
          if (++answers === asks) resolve();
        });
      };
      ask(asks);
    });
    return store.stats.commits - before;
  };
  expect(await commitsOf(4)).toBeGreaterThan(1);
  store.askedFromOutside = true;
  expect(await commitsOf(4)).toBe(1);
  // However many come: the first ones have waited long enough.
  expect(await commitsOf(20)).toBeGreaterThan(1);
});
