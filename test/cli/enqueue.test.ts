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
  const payload = await walq(['queue', 'enqueue', 'mail', '--store', `${dir}/s`, '--payload-file', dir]);
  expect(payload).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/not a file .*\nnext: {2}name a file in it/),
  });
});

it('takes the payload of one job from a file or a pipe, with the limits and errors of an inline one', async () => {
  const dir = scratch();
  const file = join(dir, 'payload.json');
  const queue = (args: string[], input = '') => walq(['--store', join(dir, 'store'), 'queue', ...args], { input });
  const enqueue = (...args: string[]) => queue(['enqueue', 'mail', ...args]);
  await writeFile(file, '{"to": "ä",\n "n": 1e400}\n');
  expect((await enqueue('--id', 'a', '--payload-file', file)).stdout).toBe('a enqueued\n');
  expect((await queue(['enqueue', 'mail', '--id', 'b', '--payload-file', '-'], '\ufeff [1] ')).code).toBe(0);
  expect((await queue(['take', '-n', '2'])).stdout).toMatch(/"payload":\{"to":"ä","n":1e400\}.*\n.*"payload":\[1\]/);
  for (const text of ['', '{"to":', `"${'x'.repeat(1024 * 1024)}"`]) {
    await writeFile(file, text);
    const [inFile, inline] = [await enqueue('--payload-file', file), text.length < 100 && (await enqueue('-d', text))];
    expect(inFile.code, text.slice(0, 9)).toBe(2);
    expect(inFile.stderr).toContain('payload');
    if (inline) expect(inFile.stderr).toBe(inline.stderr);
  }
  await writeFile(file, Buffer.from([0x22, 0xff, 0x22]));
  expect(await enqueue('--payload-file', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${file}: payload: not UTF-8 text`),
  });
  expect((await enqueue('--payload-file', join(dir, 'none'))).code).toBe(1);
  expect((await enqueue('--payload-file', dir)).code).toBe(2);
  for (const other of [['-d', '1'], ['-f', file], ['--lines']]) {
    expect(await enqueue('--payload-file', file, ...other)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exclude each other'),
    });
  }
});

it('says where a payload goes that was written behind the name', async () => {
  const { code, stderr } = await walq(['queue', 'enqueue', 'mail', '{"to":"ada"}', '--store', `${scratch()}/s`]);
  expect(code).toBe(2);
  expect(stderr).toContain(`unexpected '{"to":"ada"}': a payload is given with -d, a command after --`);
});

it('names --payload-file to those who ask -d for a file or a pipe', async () => {
  for (const [data, next] of [
    ['-', '--payload-file -'],
    ['@it is.json', "--payload-file 'it is.json'"],
  ] as const) {
    const { code, stderr } = await walq(['queue', 'enqueue', 'mail', '-d', data, '--store', `${scratch()}/s`]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(next) });
  }
});
