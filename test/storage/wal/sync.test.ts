import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { SimFile } from '../../support/sim-file.ts';
import { ListMachine } from '../crash/list-machine.ts';

test('syncs are waited for in place on a quick disk, unless the thread is needed or the disk gets slow', async () => {
  const env = simEnv();
  const calls: string[] = [];
  let syncMs = 0.3;
  let now = 0;
  env.clock.monotonic = () => now;
  const { datasync, datasyncSync } = SimFile.prototype;
  SimFile.prototype.datasync = function (this: SimFile) {
    calls.push('datasync');
    now += syncMs;
    return datasync.call(this);
  };
  SimFile.prototype.datasyncSync = function (this: SimFile) {
    calls.push('datasyncSync');
    now += syncMs;
    datasyncSync.call(this);
  };
  onTestFinished(() => {
    Object.assign(SimFile.prototype, { datasync, datasyncSync });
  });
  const store = await openStore(env, '/s', { machine: () => new ListMachine(), create: true });
  const syncsOf = async (appends: number): Promise<string[]> => {
    calls.length = 0;
    for (let number = 0; number < appends; number++) await store.append([Buffer.from('x')]);
    return calls;
  };
  expect(await syncsOf(3)).toEqual(['datasync', 'datasyncSync', 'datasyncSync']);
  store.syncInPlace = false;
  expect(await syncsOf(2)).toEqual(['datasync', 'datasync']);
  store.syncInPlace = true;
  syncMs = 40;
  expect(await syncsOf(3)).toEqual(['datasyncSync', 'datasync', 'datasync']);
  syncMs = 0.3;
  expect((await syncsOf(40)).at(-1)).toBe('datasyncSync');
});
