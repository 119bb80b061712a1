import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';

const library = fileURLToPath(new URL('../../../dist/js/index.cjs', import.meta.url));

/** Waits for something that another process does; has no other reason to stay. */
const script = `
const [library, dir, what] = process.argv.slice(1);
const { openQueue } = await import(library);
const queue = await openQueue(dir);
await queue.enqueue('x', undefined, { id: 'x', delay: '1h' });
const waiting = what === 'waitFor' ? queue.waitFor('x') : queue.events().next();
console.log('waits');
await waiting;
console.log('done');
// Nothing that waits no longer keeps it.
if (what === 'events') await queue.close();
`;

test.each(['waitFor', 'events'])('a program lives for as long as %s waits for another process', async (what) => {
  const dir = `${scratch()}/store`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, library, dir, what]);
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!said.includes('waits')) await Promise.race([once(child.stdout, 'data'), ended]);
  expect(await walq(['--store', dir, 'queue', 'cancel', 'x'])).toMatchObject({ code: 0 });
  expect(await ended).toEqual([0, null]);
  expect(said).toBe('waits\ndone\n');
});
