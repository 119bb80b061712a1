import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import type { WalqError } from '../../src/base/errors.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { scratch, walq } from './run-walq.ts';

/** Flags of `queue run`, typed and from a file, up to the point where the command would begin. */
async function flagsOf(...args: string[]): Promise<Record<string, unknown>> {
  const program = buildProgram({ kind: 'walq' });
  await program.parseAsync(['queue', 'run', ...args], { from: 'user' });
  const run = program.commands
    .find((group) => group.name() === 'queue')
    ?.commands.find((each) => each.name() === 'run');
  return run?.optsWithGlobals() ?? {};
}

function config(text: string): string {
  const file = `${scratch()}/walq.yaml`;
  writeFileSync(file, text);
  return file;
}

async function refusal(...args: string[]): Promise<WalqError> {
  const error: unknown = await flagsOf(...args).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'WalqError' });
  return error as WalqError;
}

it('takes what a file says as if it had been typed, keys with - or _', async () => {
  const file = config(`
# the names of the origin
workers: 8
task_timeout: 30s
snapshot-interval: 1m
metrics_port: 9090
drain: true
isolate: false
halt: dead=10
segment_size: 1MiB
store: ./jobs
module: ./handlers.mjs
`);
  expect(await flagsOf('-c', file)).toMatchObject({
    workers: 8,
    taskTimeout: 30_000,
    snapshotInterval: 60_000,
    metricsPort: 9090,
    drain: true,
    halt: 10,
    segmentSize: 1024 * 1024,
    store: './jobs',
    module: './handlers.mjs',
  });
  expect((await flagsOf('-c', file)).isolate).toBeUndefined();
});

it('lets what was typed win, and a handler typed take the place of the one in the file', async () => {
  const file = config('workers: 8\nexec: cat\nstore: a\norphans: ignore\n');
  const flags = await flagsOf('-c', file, '--workers', '2', '--stream', 'tr a b');
  expect(flags).toMatchObject({ workers: 2, stream: 'tr a b', orphans: 'ignore', store: 'a' });
  expect(flags.exec).toBeUndefined();
});

it('leaves out what the file says about a handler that another one typed took the place of', async () => {
  const file = config('stream: cat\nper_process: 8\n');
  expect(await flagsOf('-c', file)).toMatchObject({ stream: 'cat', perProcess: 8 });
  expect(await flagsOf('-c', file, '--stream', 'tr a b')).toMatchObject({ stream: 'tr a b', perProcess: 8 });
  expect((await flagsOf('-c', file, '--exec', 'cat')).perProcess).toBeUndefined();
  const isolated = await flagsOf('-c', config('module: a.mjs\nisolate: true\n'), '--exec', 'cat');
  expect(isolated.isolate).toBeUndefined();
});

it('takes an empty file, and one with comments alone', async () => {
  expect(await flagsOf('-c', config(''))).toMatchObject({ workers: 4 });
  expect(await flagsOf('-c', config('# nothing\n'))).toMatchObject({ workers: 4 });
});

it.each([
  ['wrokers: 1', 'wrokers'],
  ['config: other.yaml', 'config'],
  ['workers: -1', "workers: '-1'"],
  ['workers: many', "workers: 'many'"],
  ['workers: [1]', 'workers: [1]'],
  ['workers:', 'workers: null'],
  ['task_timeout: 30', "task_timeout: '30'"],
  ['task_timeout: 1s\ntask-timeout: 2s', 'task-timeout'],
  ['workers: 1\nworkers: 2', 'line 2'],
  ['drain: yes', "drain: 'yes'"],
  ['orphans: eat', "orphans: 'eat'"],
  ['halt: 3', "halt: '3'"],
  ['metrics_port: 65536', "metrics_port: '65536'"],
  ['a: b: c', 'line 1'],
  ['- workers', 'keys and values'],
  ['workers: *none', 'none'],
])('refuses %j, naming file, key and value', async (text, says) => {
  const file = config(text);
  const error = await refusal('-c', file);
  expect(error).toMatchObject({ code: 'E_CONFIG', exit: 2 });
  expect(error.message).toContain(file);
  expect(error.message).toContain(says);
});

it('refuses a bad value also where the command line has the say', async () => {
  expect(await refusal('-c', config('workers: none'), '--workers', '2')).toMatchObject({ code: 'E_CONFIG' });
});

it('says that a file is not there (exit 1), and one that is no YAML file for its size', async () => {
  expect(await refusal('-c', '/no/such/file.yaml')).toMatchObject({ code: 'E_NO_FILE', exit: 1 });
  expect(await refusal('-c', config(`# ${'x'.repeat(1024 * 1024)}`))).toMatchObject({ code: 'E_CONFIG' });
});

it('knows auto, halt and addresses', async () => {
  expect(await flagsOf('-j', 'auto')).toMatchObject({ workers: availableParallelism() });
  expect(await flagsOf('--halt', 'dead=10', '--group-limit', '2')).toMatchObject({ halt: 10, groupLimit: 2 });
  expect(await flagsOf('--metrics', '0.0.0.0:9090')).toMatchObject({ metrics: { host: '0.0.0.0', port: 9090 } });
  expect(await flagsOf('--metrics', '[::1]:0')).toMatchObject({ metrics: { host: '::1', port: 0 } });
  expect(await flagsOf('--metrics', ':9090')).toMatchObject({ metrics: { host: '127.0.0.1', port: 9090 } });
  for (const bad of [
    ['-j', '0'],
    ['-j', '1025'],
    ['--halt', 'dead'],
    ['--halt', 'dead=0'],
    ['--halt', 'alive=1'],
    ['--group-limit', '0'],
    ['--metrics', '9090'],
    ['--metrics', 'localhost:99999'],
  ]) {
    expect(await refusal(...bad), bad.join(' ')).toMatchObject({ exit: 2 });
  }
});

it('wants exactly one way to run a job, and names all of them', async () => {
  const none = await walq(['queue', 'run']);
  expect(none).toMatchObject({ code: 2 });
  for (const flag of ['--exec', '--stream', '--module', '--commands']) expect(none.stderr).toContain(flag);
  const both = await walq(['queue', 'run', '--stream', 'cat', '--commands']);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--stream and --commands exclude') });
  const isolate = await walq(['queue', 'run', '--exec', 'cat', '--isolate']);
  expect(isolate).toMatchObject({ code: 2, stderr: expect.stringContaining('--module') });
});

it('stops after so many dead jobs (exit 1)', async () => {
  const store = `${scratch()}/store`;
  const jobs = Array.from({ length: 5 }, (_, n) => `{"id":"j${n}","attempts":1}`).join('\n');
  await walq(['--store', store, 'queue', 'enqueue', '-f', '-'], { input: jobs });
  const ran = await walq(['--store', store, 'queue', 'run', '--exec', 'exit 1', '-j', '1', '--halt', 'dead=2']);
  expect(ran.code, ran.stderr).toBe(1);
  expect(ran.stderr).toContain('2 dead');
  const status = JSON.parse((await walq(['--store', store, 'queue', 'status', '--json'])).stdout);
  expect(status.counts).toMatchObject({ pending: 3, dead: 2 });
});
