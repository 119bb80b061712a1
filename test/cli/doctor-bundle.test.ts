import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const segment = 'wal/0000000001-00000000000000000001.wal';
const secret = '{"to":"the secret of job one"}';

/** A bundle of a damaged fixture, as a folder that the system's own tar made of it. */
async function bundled(store: string, ...args: string[]) {
  const folder = scratch();
  const file = join(folder, 'out.tar.gz');
  const ran = await walq(['doctor', store, '--bundle', file, ...args]);
  const into = join(folder, 'out');
  mkdirSync(into);
  execFileSync('tar', ['xzf', file, '-C', into]);
  const read = (name: string): string => readFileSync(join(into, name), 'utf8');
  const bytes = (): { name: string; file: string; from: number; to: number; faultFrom: number; sha256: string }[] =>
    JSON.parse(read('bytes.json'));
  return { ...ran, file, into, read, bytes };
}

function allText(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names
    .filter((name) => statSync(name).isFile())
    .map((name) => readFileSync(name, 'latin1'))
    .join('\n');
}

/** A store of one job with a payload and an error, and a flipped bit in each of its frames from the second on. */
let token = '';

async function secretStore(): Promise<string> {
  const store = join(scratch(), 's');
  await walq(['queue', 'enqueue', '--store', store, '--id', 'job_1', '--attempts', '1', '-d', secret]);
  await walq(['queue', 'run', '--store', store, '--drain', '--exec', 'echo the secret error >&2; exit 1']);
  await walq(['queue', 'enqueue', '--store', store, '--id', 'job_2', '-d', secret, '--key', 'the secret key']);
  await walq(['queue', 'take', '--store', store, '--json']).then(({ stdout }) => {
    token = JSON.parse(stdout).jobs[0].token;
  });
  await walq(['queue', 'enqueue', '--store', store, '--id', 'job_3', '-d', secret]);
  const held = JSON.parse((await walq(['queue', 'take', '--store', store, '--json'])).stdout).jobs[0].token;
  await walq(['queue', 'fail', '--store', store, held, '--dead', 'the secret reason']);
  await walq(['queue', 'pause', '--store', store, '--reason', 'the secret pause']);
  await walq(['queue', 'enqueue', '--store', store, '--id', 'job_4', '-d', secret]);
  const [name = ''] = readdirSync(join(store, 'wal'));
  const bytes = readFileSync(join(store, 'wal', name));
  const last = bytes.lastIndexOf(Buffer.from(secret));
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  writeFileSync(join(store, 'wal', name), bytes);
  return store;
}

test('a bundle holds the diagnosis, every fault, its bytes and their neighbours, and the events around', async () => {
  const store = join(fixtures, 'bit-flip');
  const { code, stdout, read, bytes, into, file } = await bundled(store);
  expect(code).toBe(3);
  expect(stdout).toContain(`bundle     ${file}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const plain = await walq(['wal', 'verify', store, '--json']);
  expect(JSON.parse(read('verify.json')).findings).toEqual(JSON.parse(plain.stdout).findings);
  expect(JSON.parse(read('doctor.json')).verdict).toBe('corrupt');
  const seqs = read('events.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).seq);
  expect(seqs).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  const [stretch] = bytes();
  const original = readFileSync(join(store, segment)).subarray(stretch?.from, stretch?.to);
  expect(stretch).toMatchObject({ file: segment, from: 0, faultFrom: 392 });
  expect(stretch?.sha256).toBe(createHash('sha256').update(original).digest('hex'));
  // The header of the damaged frame is as it is on disk; the rest of the frame is not.
  const shown = readFileSync(join(into, stretch?.name ?? ''));
  expect(shown.subarray(392, 432)).toEqual(original.subarray(392, 432));
  expect(shown.subarray(432, 504).toString()).toMatch(/^x+$/);
});

test('nothing that a job holds is in a bundle, unless it is asked for', async () => {
  const store = await secretStore();
  const without = await bundled(store);
  expect(without.code).not.toBe(0);
  const events = readFileSync(join(without.into, 'events.ndjson'), 'utf8');
  for (const type of ['ENQUEUE', 'DISPATCH', 'DEAD', 'PAUSE']) expect(events).toContain(`"type":"${type}"`);
  expect(events).toContain('"reason":"attempts"');
  expect(allText(without.into)).not.toContain('the secret');
  // Who has it may end the job.
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(allText(without.into)).not.toContain(token);
  const withAll = await bundled(store, '--with-payloads');
  expect(withAll.stdout).toContain('WITH the payloads');
  const text = allText(withAll.into);
  expect(text).toContain('the secret of job one');
  const [stretch] = withAll.bytes();
  const [name = ''] = readdirSync(join(store, 'wal'));
  const original = readFileSync(join(store, 'wal', name)).subarray(stretch?.from, stretch?.to);
  expect(readFileSync(join(withAll.into, stretch?.name ?? ''))).toEqual(original);
});

test.each(['clean', 'torn', 'ambiguous', 'missing-segment', 'bad-snapshot'])(
  'a bundle of the fixture %s leaves the store as it was and has the exit code of doctor',
  async (name) => {
    const store = join(scratch(), name);
    cpSync(join(fixtures, name), store, { recursive: true });
    const before = allText(store);
    const { code, read } = await bundled(store);
    expect(code).toBe((await walq(['doctor', store])).code);
    expect(JSON.parse(read('versions.json'))).toMatchObject({ walq: expect.any(String), node: process.version });
    expect(allText(store)).toBe(before);
  },
);

test('a bundle overwrites nothing and leaves nothing behind when it cannot be written', async () => {
  const folder = scratch();
  const there = join(folder, 'there.tar.gz');
  writeFileSync(there, 'mine');
  const store = join(fixtures, 'torn');
  expect(await walq(['doctor', store, '--bundle', there])).toMatchObject({ code: 7, stdout: '' });
  expect(readFileSync(there, 'utf8')).toBe('mine');
  expect(await walq(['doctor', store, '--bundle', join(folder, 'no', 'x.tar.gz')])).toMatchObject({ code: 2 });
  expect(await walq(['doctor', store, '--with-payloads'])).toMatchObject({ code: 2 });
  expect(existsSync(join(folder, 'no'))).toBe(false);
  expect(readdirSync(folder)).toEqual(['there.tar.gz']);
});
