import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openQueue } from '../../../src/index.ts';
import { contents, makeStore } from '../../cli/make-store.ts';
import { scratch, walq } from '../../cli/run-walq.ts';

const library = fileURLToPath(new URL('../../../dist/js/index.cjs', import.meta.url));

const script = `
const [library, other] = process.argv.slice(1);
const { openQueue } = await import(library);
const queue = await openQueue('jobs', { segmentBytes: 4096 });
await queue.enqueue('x');
process.chdir(other);
for (let n = 0; n < 10; n++) await queue.enqueue('x', 'y'.repeat(1000));
await queue.snapshot();
await queue.close();
`;

test('a program that goes to another folder keeps its queue, and leaves alone one of that name there', async () => {
  const [own, other] = [scratch(), scratch()];
  await makeStore(`${other}/jobs`, 5, { segmentBytes: 500 });
  const before = contents(`${other}/jobs`);
  const args = ['--input-type=module', '-e', script, library, other];
  await promisify(execFile)(process.execPath, args, { cwd: own });
  expect(contents(`${other}/jobs`)).toEqual(before);
  const { stdout, code } = await walq(['wal', 'verify', `${own}/jobs`]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/ 11 events \(seq 1\.\.11\)/)]);
});

test('a folder of which there is no folder around it is refused by a code, and nothing is made', async () => {
  const dir = scratch();
  const next = `mkdir -p ${dir}/no`;
  await expect(openQueue(`${dir}/no/store`)).rejects.toMatchObject({ code: 'E_NO_STORE', exit: 1, next });
  expect(readdirSync(dir)).toEqual([]);
});
