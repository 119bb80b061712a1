import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openQueue, type Queue } from '../../../src/index.ts';
import { scratch } from '../../cli/run-walq.ts';
import { simEnv } from '../../support/env.ts';
import { codeOf } from './helpers.ts';

/** The log fails while a program waits for the queue: nothing waits for ever. */

async function failing(): Promise<{ queue: Queue; fail: () => Promise<void> }> {
  const env = simEnv();
  const queue = await openQueue('/store', { env });
  await queue.enqueue('x', undefined, { id: 'x', delay: '1h' });
  const fail = async () => {
    env.fs.inject({ nth: 1, errno: 'EIO', match: ({ kind }) => kind === 'datasync' });
    expect(await codeOf(queue.enqueue('x'))).toBe('E_DURABILITY_UNKNOWN');
  };
  return { queue, fail };
}

test('whoever waits is told that the log has failed', async () => {
  const { queue, fail } = await failing();
  const worker = queue.work(() => undefined);
  const waits = codeOf(queue.waitFor('x'));
  const signal = new AbortController().signal;
  const waitsToo = codeOf(queue.waitFor('x', { signal }));
  const events = [queue.events(), queue.events({ from: 1, signal })];
  const next = events.map(async (each) => {
    for await (const _event of each);
  });
  const told = Promise.all([...next, worker.done].map(codeOf));
  const takes = [queue.take({ names: ['y'], wait: '1h' }), queue.take({ names: ['y'], wait: '1h', signal })].map(
    codeOf,
  );
  await fail();
  expect([await waits, await waitsToo]).toEqual(['E_POISONED', 'E_POISONED']);
  expect(await told).toEqual(['E_POISONED', 'E_POISONED', 'E_POISONED']);
  for (const code of await Promise.all(takes)) expect(['E_POISONED', undefined]).toContain(code);
  await queue.close();
}, 30_000);

test('who comes later is told too', async () => {
  const { queue, fail } = await failing();
  await fail();
  expect(await codeOf(queue.waitFor('x'))).toBe('E_POISONED');
  expect(await codeOf(queue.events().next())).toBe('E_POISONED');
  expect(await codeOf(queue.work(() => undefined).done)).toBe('E_POISONED');
  await queue.close();
});

const script = `
const [dir, folder] = process.argv.slice(1);
const { nodeFs } = await import(folder + '/fs/node-fs.js');
const { systemClock: clock, systemRandom: random } = await import(folder + '/base/node-clock.js');
const { openQueue } = await import(folder + '/queue/open-queue.js');
let broken = false;
const fail = (call) => (...args) => {
  if (broken) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  return call(...args);
};
const open = async (...args) => {
  const file = await nodeFs.open(...args);
  for (const name of ['datasync', 'datasyncSync']) file[name] = fail(file[name].bind(file));
  return file;
};
const queue = await openQueue(dir, { env: { fs: { ...nodeFs, open }, clock, random } });
process.on('unhandledRejection', (error) => {
  console.log('unhandled', error.code);
  void queue.close();
});
queue.work(() => undefined);
broken = true;
await queue.enqueue('x').catch(({ code }) => console.log(code));
`;

test('a worker whose end nobody looks at fails as an unhandled rejection', async () => {
  const build = fileURLToPath(new URL('../../../build', import.meta.url));
  const args = ['--input-type=module', '-e', script, `${scratch()}/store`, build];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout.split('\n').sort()).toEqual(['', 'E_DURABILITY_UNKNOWN', 'unhandled E_POISONED']);
});
