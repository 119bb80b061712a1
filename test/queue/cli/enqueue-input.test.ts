import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { binary } from '../../cli/run-walq.ts';
import { until } from '../process/helpers.ts';
import { type Shell, shellOn, statesOf, ways } from './shells.ts';

const lines = (...jobs: object[]): string => jobs.map((job) => `${JSON.stringify(job)}\n`).join('');

describe.each(ways)('%s', (way) => {
  test('a unique key: skipped, or put in the place of the one that waits', async () => {
    const shell = await shellOn(way);
    expect(await shell.ok('enqueue', '--id', 'a', '--key', 'k', '--key-ttl', '1h')).toBe('a enqueued\n');
    expect(await shell.ok('enqueue', '--id', 'b', '--key', 'k')).toBe('a duplicate\n');
    const replaced = await shell.ok('enqueue', '--id', 'c', '--key', 'k', '--key-mode', 'replace');
    expect(replaced).toBe('c replaced (instead of a)\n');
    expect(await statesOf(shell.store)).toEqual({ c: 'pending' });
    const { jobs } = await shell.json('enqueue', '--id', 'd', '--key', 'k', '--key-mode', 'replace');
    expect(jobs).toMatchObject([{ id: 'd', status: 'replaced', replaced: 'c' }]);
    expect((await shell.queue('enqueue', 'x', '--key-ttl', '1h')).code).toBe(2);
  });

  test('keys of jobs in a file mean what the flags mean', async () => {
    const shell = await shellOn(way);
    const job = { id: 'b', group: 'g', key: 'k', key_mode: 'replace', key_ttl: '1h', after: ['a'], expire: '10m' };
    await shell.feed(lines({ id: 'a' }, job), 'enqueue', '-f', '-');
    const flags = ['--group', 'g', '--key', 'l', '--key-ttl', '1h', '--after', 'a', '--expire', '10m'];
    await shell.ok('enqueue', '--id', 'c', ...flags);
    const [, b, c] = (await shell.log()).map((line) => line.replace(/=20\d\d\S+/g, '=TIME'));
    expect(b).toBe(
      'ENQUEUE b  name=default group=g key=k key_until=TIME parents=a expires_at=TIME'.replace(' name=default', ''),
    );
    expect(c).toBe(b?.replace('ENQUEUE b', 'ENQUEUE c').replace('key=k', 'key=l'));
    for (const bad of [{ key_mode: 'x' }, { after: 'a' }, { key_ttl: 5 }, { group: 5 }, { key: 'k', expire: '0' }]) {
      const ran = await shell.feed(lines(bad), 'enqueue', '-f', '-');
      expect(ran.code, JSON.stringify(bad)).toBe(2);
      expect(ran.stderr).toMatch(/^error: standard input: line 1: (key_mode|after|key_ttl|group|expire) /);
    }
  });

  test('--group-limit sets the limit of the group, once', async () => {
    const shell = await shellOn(way);
    for (const id of ['a', 'b']) await shell.ok('enqueue', '--id', id, '--group', 'g', '--group-limit', '1');
    expect((await shell.log()).map((line) => line.split(' ')[0])).toEqual(['LIMIT', 'ENQUEUE', 'ENQUEUE']);
    expect((await shell.ok('take', '-n', '5')).trim().split('\n')).toHaveLength(1);
    expect((await shell.queue('enqueue', 'x', '--group-limit', '1')).code).toBe(2);
  });

  test('jobs of a file may name each other in any order, however far apart, but not in a circle', async () => {
    const shell = await shellOn(way);
    const filler = Array.from({ length: 3000 }, (_, n) => ({ id: `f${n}` }));
    const ran = await shell.feed(
      lines({ id: 'first', after: ['last'] }, ...filler, { id: 'last' }),
      'enqueue',
      '-f',
      '-',
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout.match(/ enqueued$/gm)).toHaveLength(3002);
    const ring = await shell.feed(lines({ id: 'x', after: ['y'] }, { id: 'y', after: ['x'] }), 'enqueue', '-f', '-');
    expect(ring.code).toBe(2);
    expect(ring.stderr).toContain('x after y after x [E_CYCLE]');
    const far = Array.from({ length: 5000 }, (_, n) => ({ id: `g${n}` }));
    const late = await shell.feed(lines({ id: 'p', after: ['q'] }, ...far, { id: 'q' }), 'enqueue', '-f', '-');
    expect(late.code).toBe(2);
    expect(late.stderr).toMatch(/^error: standard input: line 1: job p is to run after q, .* \[E_AFTER_FAR\]/);
    const unknown = await shell.feed(lines({ id: 'p', after: ['q'] }), 'enqueue', '-f', '-');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^error: standard input: line 1: job p .* \[E_PARENT_UNKNOWN\]/);
    expect(await shell.json('status')).toMatchObject({ counts: { pending: 3002 } });
  });

  test('a bad record stops the input, or is skipped: told with its line, exit 1 at the end', async () => {
    const shell = await shellOn(way);
    const input = [
      '{"id":"a"}',
      '',
      'not json',
      '{"id":"b","nme":"x"}',
      '{"id":"torn"',
      '{"id":"c","priority":2000000}',
      '{"id":"d","after":["nobody"]}',
      '{"id":"e","after":["a"]}',
    ].join('\n');
    const stopped = await shell.feed(input, 'enqueue', '-f', '-');
    expect(stopped.code).toBe(2);
    expect(stopped.stderr).toMatch(/^error: standard input: line 3: not valid JSON/);
    expect(stopped.stdout).toBe('');
    const skipped = await shell.feed(input, 'enqueue', '-f', '-', '--on-error', 'skip');
    expect(skipped.code).toBe(1);
    expect(skipped.stdout).toBe('a enqueued\ne enqueued\n');
    const told = [...skipped.stderr.matchAll(/^skipped: standard input: line (\d): .* \[(E_\w+)\]$/gm)];
    expect(told.map(([, line, code]) => `${line} ${code}`)).toEqual([
      '3 E_JSON',
      '4 E_JOB',
      '5 E_JSON',
      '6 E_JOB',
      '7 E_PARENT_UNKNOWN',
    ]);
    expect(skipped.stderr).toContain('2 jobs enqueued, 5 skipped');
    const json = await shell.feed(input, 'enqueue', '-f', '-', '--on-error', 'skip', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ duplicates: 2, skipped: { length: 5 } });
  });

  test('jobs printed for people, over several lines each, are read too', async () => {
    const shell = await shellOn(way);
    const pretty = [{ id: 'a' }, { id: 'b', payload: { x: [1] } }].map((job) => JSON.stringify(job, undefined, 2));
    expect((await shell.feed(pretty.join('\n'), 'enqueue', '-f', '-')).stdout).toBe('a enqueued\nb enqueued\n');
    expect((await shell.log()).at(-1)).toContain('payload={"x":[1]}');
  });

  test('a slow pipe becomes durable as it comes, and a job whose parent is still to come waits for it', async () => {
    const shell = await shellOn(way);
    const pipe = feeder(shell, 'enqueue', '-f', '-');
    pipe.write('{"id":"a"}\n{"id":');
    await pipe.says('a enqueued\n');
    pipe.write('"b","after":["c"]}\n');
    await pipe.quietFor(300);
    pipe.write('{"id":"c"}\n');
    await pipe.says('b enqueued\nc enqueued\n');
    pipe.write('{"id":"d"}');
    expect(await pipe.end()).toBe(0);
    expect(await statesOf(shell.store)).toEqual({ a: 'pending', b: 'pending', c: 'pending', d: 'pending' });
  });

  test('what was answered before a bad record is in the document', async () => {
    const shell = await shellOn(way);
    const pipe = feeder(shell, 'enqueue', '--lines', '--json');
    pipe.write('one\n');
    await until(
      () =>
        statesOf(shell.store).then(
          (states) => Object.keys(states).length === 1,
          () => false,
        ),
      'one job',
    );
    pipe.write(Buffer.from([0xff, 0x0a]));
    expect(await pipe.end()).toBe(2);
    const document = JSON.parse(pipe.stdout()) as { jobs: unknown[] };
    expect(document).toMatchObject({ jobs: [{ status: 'enqueued' }], error: { code: 'E_JOB', data: { line: 2 } } });
  });
});

/** A command that goes on while its standard input is written. */
function feeder(shell: Shell, ...args: string[]) {
  const child = spawn(process.execPath, [binary, '--store', shell.store, 'queue', ...args]);
  const closed = once(child, 'close');
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  let seen = 0;
  let wake: () => void = () => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  return {
    stdout: () => text,
    write: (input: string | Uint8Array) => child.stdin.write(input),
    async says(what: string): Promise<void> {
      while (text.length < seen + what.length) await new Promise<void>((resolve) => (wake = resolve));
      expect(text.slice(seen)).toBe(what);
      seen = text.length;
    },
    /** Long enough for what is quiet to go out: what must not come cannot be waited for. */
    async quietFor(ms: number): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, ms));
      expect(text.length).toBe(seen);
    },
    async end(): Promise<number | null> {
      child.stdin.end();
      return (await closed)[0] as number | null;
    },
  };
}
