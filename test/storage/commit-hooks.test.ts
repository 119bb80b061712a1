import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/store.ts';
import type { CommitHooks } from '../../src/storage/types.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { simEnv } from '../support/env.ts';
import { ListMachine } from './crash/list-machine.ts';

/** An operation that has an answer for its success, and goes wrong over its failure. */
const broken: CommitHooks<number> = {
  applied: (seqFirst) => seqFirst,
  failed: () => {
    throw new TypeError('failed to fail');
  },
};

test('a hook that throws over a failure rejects its own promise, and all others are answered', async () => {
  const env = simEnv();
  const store = await openStore(env, '/s', { machine: () => new ListMachine(), create: true });
  env.fs.inject({ nth: 1, errno: 'ENOSPC', match: ({ kind, path }) => kind === 'write' && path.includes('/wal/') });
  const refusals = (...operations: Promise<unknown>[]) =>
    Promise.all(operations.map((operation) => operation.then(() => 'done', String)));
  const append = (text: string, hooks: CommitHooks<number>) => store.append(packed([Buffer.from(text)]), hooks);
  const full = await refusals(
    store.append(packed([Buffer.from('a')])),
    append('b', broken),
    store.append(packed([Buffer.from('c')])),
  );
  expect(full).toEqual([
    expect.stringContaining('no space'),
    'TypeError: failed to fail',
    expect.stringContaining('no space'),
  ]);
  expect(await append('d', broken)).toBe(1);
  env.fs.inject({ nth: 1, errno: 'EIO', match: ({ kind }) => kind === 'datasync' });
  const lost = refusals(append('e', broken), store.append(packed([Buffer.from('f')])));
  // They wait for the next frame, which is never written.
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = refusals(append('g', broken), store.append(packed([Buffer.from('h')])));
  expect(await lost).toEqual(['TypeError: failed to fail', expect.stringContaining('the disk failed')]);
  expect(await waiting).toEqual(['TypeError: failed to fail', expect.stringContaining('could not be written')]);
  await store.close();
  expect(store.machine.items).toEqual(['d']);
});
