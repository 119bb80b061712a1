import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch, walq } from './run-walq.ts';

it('takes jobs from a pipe that is named as a file, as they come', async () => {
  const dir = scratch();
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const jobs = Array.from({ length: 3000 }, (_, index) => `{"id":"job_${index}","payload":"${'x'.repeat(50)}"}\n`);
  const [ran] = await Promise.all([
    walq(['--store', join(dir, 'store'), 'queue', 'enqueue', '-f', pipe]),
    writeFile(pipe, jobs.join('')),
  ]);
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  expect(ran.stdout.match(/ enqueued$/gm)).toHaveLength(3000);
});

it('names the file that is not there, or is none', async () => {
  const dir = scratch();
  const enqueue = (path: string) => walq(['--store', join(dir, 'store'), 'queue', 'enqueue', '-f', path]);
  expect(await enqueue(join(dir, 'none'))).toMatchObject({ code: 1, stderr: expect.stringContaining('no file') });
  expect(await enqueue(dir)).toMatchObject({ code: 2, stderr: expect.stringContaining('is a folder, not a file') });
});
