import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { shellOn, statesOf, ways } from './shells.ts';

describe.each(ways)('%s', (way) => {
  test('cancel ends jobs and those that wait for them; each id has its line, the worst exit counts', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'a');
    await shell.ok('enqueue', '--id', 'b');
    await shell.ok('enqueue', '--id', 'child', '--after', 'a,b');
    const ran = await shell.queue('cancel', 'a', 'nobody', 'b', '--reason', 'not needed');
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe('a cancelled, and 1 job that waited for it\nb cancelled\n');
    expect(ran.stderr).toMatch(/^error: no job nobody \[E_JOB_UNKNOWN\]\nnext: .*\n$/);
    expect(await statesOf(shell.store)).toEqual({ a: 'dead', b: 'dead', child: 'dead' });
    expect(await shell.json('cancel', 'a', 'b')).toMatchObject({
      kind: 'queue.cancel',
      results: [
        { id: 'a', error: { code: 'E_JOB_STATE' } },
        { id: 'b', error: { code: 'E_JOB_STATE' } },
      ],
      exit: 1,
    });
  });

  test('update changes what is named, promote lets a delayed job run now', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', 'mail', '--id', 'a', '-d', '1', '--delay', '1h');
    const change = ['--priority', '-7', '-d', '{"n": 9007199254740993}', '--attempts', '9', '--timeout', '5s'];
    expect(await shell.ok('update', 'a', ...change, '--backoff', 'none', '--group', 'g')).toBe('a updated\n');
    expect((await shell.log()).at(-1)).toMatch(
      /^UPDATE a {2}group=g priority=-7 attempts=9 timeout=5s backoff=none payload=\{"n":9007199254740993\}$/,
    );
    expect((await shell.queue('take')).code).toBe(1);
    expect(await shell.ok('promote', 'a')).toBe('a promoted\n');
    expect((await shell.queue('promote', 'a')).code).toBe(1);
    expect(JSON.parse(await shell.ok('take'))).toMatchObject({ id: 'a', maxAttempts: 9 });
    expect((await shell.queue('update', 'a', '--priority', '1')).stderr).toContain('E_JOB_STATE');
    expect((await shell.queue('update', 'a')).code).toBe(2);
  });

  test('rm forgets a job, but not one that others wait for', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'a');
    await shell.ok('enqueue', '--id', 'b', '--after', 'a');
    const ran = await shell.queue('rm', 'a', 'b', 'a');
    expect(ran.stdout).toBe('b removed\na removed\n');
    expect(ran.stderr).toContain('E_HAS_CHILDREN');
    expect(await statesOf(shell.store)).toEqual({});
  });

  test('rm --all asks first: without a terminal it wants --yes, and shows the command', async () => {
    const shell = await shellOn(way);
    await shell.feed('{"id":"a"}\n{"id":"b","after":["a"]}\n{"id":"c","name":"x"}\n{"id":"d"}\n', 'enqueue', '-f', '-');
    await shell.ok('cancel', 'd');
    const refused = await shell.queue('rm', '--all');
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('forget 4 jobs for good (3 pending, 1 dead)');
    expect(refused.stderr).toContain(`next:  walq --store ${shell.store} queue rm --all --yes`);
    expect((await shell.queue('rm', '--all', '--json')).stdout).toContain('E_UNCONFIRMED');
    expect(await shell.ok('rm', '--all', '--name', 'x', '--yes')).toBe('1 job removed\n');
    expect(await shell.ok('rm', '--all', '--yes')).toBe('3 jobs removed\n');
    expect(await shell.ok('rm', '--all')).toBe('0 jobs removed\n');
    for (const args of [['rm'], ['rm', 'a', '--all'], ['rm', 'a', '--name', 'x']]) {
      expect((await shell.queue(...args)).code, args.join(' ')).toBe(2);
    }
  });

  test('a dead job is retried with those that died of it; dead rm forgets', async () => {
    const shell = await shellOn(way);
    const jobs = ['{"id":"a","name":"x"}', '{"id":"b","after":["a"]}', '{"id":"c","group":"g"}', '{"id":"d"}'];
    await shell.feed(jobs.join('\n'), 'enqueue', '-f', '-');
    await shell.ok('cancel', 'a', 'c', 'd');
    expect(await shell.ok('retry', 'a')).toBe('a pending, and 1 job that died with it\n');
    await shell.ok('cancel', 'a');
    expect(await shell.ok('retry', '--all', '--group', 'g')).toBe('1 dead job pending again\n');
    expect(await shell.ok('dead', 'retry', '--name', 'x', '--reset-attempts')).toBe('2 dead jobs pending again\n');
    expect((await shell.log()).at(-1)).toMatch(/^RETRY b .*reset/);
    await shell.ok('cancel', 'a', 'c');
    expect(await shell.ok('dead', 'rm', 'd')).toBe('d removed\n');
    expect((await shell.queue('dead', 'rm', '--all')).code).toBe(7);
    expect(await shell.ok('dead', 'rm', '--all', '--yes')).toBe('3 jobs removed\n');
    expect(await shell.ok('dead', 'retry', '--all')).toBe('0 dead jobs pending again\n');
  });

  test('prune forgets finished jobs by id, age and number, completed ones unless dead are named', async () => {
    const shell = await shellOn(way);
    for (const id of ['a', 'b', 'c', 'd']) await shell.ok('enqueue', '--id', id);
    for (let n = 0; n < 3; n++) {
      const { token } = JSON.parse(await shell.ok('take')) as { token: string };
      await shell.ok('ack', token);
    }
    await shell.ok('cancel', 'd');
    expect(await shell.ok('prune', '--keep', '1', '--dry-run')).toBe('would forget 2 completed jobs and 0 dead ones\n');
    expect(await shell.ok('prune', '--older-than', '1h')).toBe('0 finished jobs forgotten\n');
    expect(await shell.ok('prune', 'a')).toBe('1 finished job forgotten\n');
    expect(await shell.ok('prune', '--keep', '1')).toBe('1 finished job forgotten\n');
    expect(await statesOf(shell.store)).toEqual({ c: 'completed', d: 'dead' });
    expect(await shell.json('prune', '--older-than', '0', '--state', 'dead,completed')).toMatchObject({ exit: 0 });
    expect((await shell.queue('prune')).stderr).toContain('E_PRUNE');
    expect((await shell.queue('prune', '--keep', '1', '--state', 'pending')).code).toBe(2);
  });
});

test('a file is no store (exit 2), and stays as it is', async () => {
  const file = `${scratch()}/file`;
  writeFileSync(file, 'text');
  for (const line of ['cancel a', 'take', 'drain', 'limit', 'limit --rate 1/s', 'rm --all', 'pause', 'schedule list']) {
    const ran = await walq(['--store', file, 'queue', ...line.split(' ')]);
    expect(ran.code, line).toBe(2);
    expect(ran.stderr, line).toContain('E_WRONG_TARGET');
  }
  expect(readFileSync(file, 'utf8')).toBe('text');
});

test('commands that change want a store that is there, and say how one comes to be', async () => {
  const shell = await shellOn('under the lock');
  for (const args of [['cancel', 'a'], ['pause'], ['take'], ['retry', '--all'], ['prune', '--keep', '1'], ['drain']]) {
    const ran = await shell.queue(...args);
    expect(ran.code, args.join(' ')).toBe(1);
    expect(ran.stderr, args.join(' ')).toContain('E_NO_STORE');
  }
});
