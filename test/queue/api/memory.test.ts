import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { scratch } from '../../cli/run-walq.ts';

const library = fileURLToPath(new URL('../../../dist/js/index.cjs', import.meta.url));

/** Twenty jobs, each with a few characters of a text of a megabyte; prints how many megabytes are kept because of them. */
const script = `
const [library, dir, what] = process.argv.slice(1);
const { openQueue, rawJson } = await import(library);
const queue = await openQueue(dir, { create: true });
gc();
const before = process.memoryUsage().heapUsed;
for (let n = 0; n < 20; n++) {
  const text = Buffer.from('customer-' + String(n).padStart(8, '0') + ',' + 'z'.repeat(1e6)).toString('latin1');
  const [cell] = text.split(',');
  if (what === 'group') await queue.enqueue('a', 1, { group: cell });
  if (what === 'name') await queue.enqueue(cell, 1);
  if (what === 'spaced') await queue.enqueue('a', rawJson(' '.repeat(1e6) + JSON.stringify({ cell })));
  if (what === 'raw') await queue.enqueue('a', rawJson(('[1234567890123456]' + text).slice(0, 18)));
}
gc();
console.log((process.memoryUsage().heapUsed - before) / 1e6);
await queue.close();
`;

test.each(['group', 'name', 'spaced', 'raw'])(
  'of a text that a part was taken from nothing is kept: %s',
  async (what) => {
    const args = ['--expose-gc', '--input-type=module', '-e', script, library, scratch(), what];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(Number(stdout)).toBeLessThan(8);
  },
);
