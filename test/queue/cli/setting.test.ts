import { describe, expect, test } from 'vitest';
import { shellOn, ways } from './shells.ts';

describe.each(ways)('%s', (way) => {
  test('pause holds back what it names until resume', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', 'mail', '--id', 'a', '--group', 'g');
    await shell.ok('enqueue', 'x', '--id', 'b');
    expect(await shell.ok('pause', '--name', 'mail', '--reason', 'broken\u001b[31m')).toBe('jobs named mail paused\n');
    expect(await shell.ok('pause', '--group', 'g')).toBe('group g paused\n');
    expect(JSON.parse(await shell.ok('take', '-n', '5'))).toMatchObject({ id: 'b' });
    expect(await shell.ok('resume', '--name', 'mail')).toBe('jobs named mail resumed\n');
    expect(await shell.ok('pause')).toBe('queue paused\n');
    expect(await shell.ok('resume', '--group', 'g')).toBe('group g resumed\n');
    expect((await shell.queue('take')).code).toBe(1);
    expect(await shell.ok('resume')).toBe('queue resumed\n');
    expect(await shell.ok('resume')).toBe('queue not paused before\n');
    expect(JSON.parse(await shell.ok('take'))).toMatchObject({ id: 'a' });
    expect((await shell.queue('pause', '--name', 'a', '--group', 'b')).code).toBe(2);
  });

  test('limits are set, shown, kept as they stand, and taken away', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'a');
    expect(await shell.ok('limit')).toBe('no limits\n');
    const all = [
      '--rate',
      '100/5m',
      '--max-pending',
      '2',
      '--max-payload',
      '64k',
      '--keep-for',
      '7d',
      '--keep-count',
      '9',
    ];
    const said = 'queue: rate 100/5m, max-pending 2, max-payload 64 KiB, keep-for 7d, keep-count 9';
    expect(await shell.ok('limit', ...all)).toBe(`${said}\n`);
    expect(await shell.ok('limit', ...all)).toBe(`${said} (as before)\n`);
    await shell.ok('limit', '--group', 'g', '--concurrency', '1', '--rate', '2/s');
    expect(await shell.ok('limit', '--group', 'g')).toBe(
      'OF\tLIMIT\tVALUE\ngroup g\tconcurrency\t1\ngroup g\trate\t2/s\n',
    );
    expect(await shell.json('limit')).toMatchObject({
      limits: [
        { group: '', rate: { count: 100, perMs: 300_000 }, pendingMax: 2, payloadBytesMax: 65_536, keepCount: 9 },
        { group: 'g', concurrency: 1 },
      ],
    });
    await shell.ok('enqueue', '--id', 'b');
    expect((await shell.queue('enqueue', '--id', 'c')).stderr).toContain('E_QUEUE_FULL');
    expect(await shell.ok('limit', '--max-pending', 'none', '--rate', '0')).toBe(
      'queue: rate none, max-pending none\n',
    );
    await shell.ok('enqueue', '--id', 'c');
    const big = await shell.feed(`{"id":"d"}\n{"id":"e","payload":"${'x'.repeat(70_000)}"}\n`, 'enqueue', '-f', '-');
    expect(big.stderr).toMatch(/^error: standard input: line 2: payload takes 70002 bytes/);
    for (const args of [
      ['--rate', 'fast'],
      ['--rate', '1/0'],
      ['--concurrency', '1'],
      ['--group', 'g', '--keep-for', '1d'],
    ]) {
      expect((await shell.queue('limit', ...args)).code, args.join(' ')).toBe(2);
    }
    expect((await shell.log()).filter((line) => line.startsWith('LIMIT'))).toHaveLength(3);
  });

  test('schedules are added, replaced, listed with their next times, and removed', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', '--id', 'a');
    const cron = ['--cron', '0 3 * * *', '--zone', 'Europe/Berlin', '--missed', 'skip'];
    const added = await shell.ok('schedule', 'add', 'nightly', ...cron, '-d', '{"n": 1e400}', '--priority', '4');
    expect(added).toBe("nightly scheduled cron '0 3 * * *' Europe/Berlin\n");
    await shell.ok('schedule', 'add', 'tick', '--every', '1h', '--name', 'x', '--', 'echo', 'hi there');
    await shell.ok('schedule', 'add', 'tick', '--every', '2h', '--name', 'x', '--', 'echo', 'hi there');
    const list = await shell.ok('schedule', 'list');
    expect(list.split('\n')[0]).toBe('SCHEDULE\tWHEN\tMISSED\tNEXT\tLAST\tJOB');
    expect(list).toMatch(
      /^nightly\tcron '0 3 \* \* \*' Europe\/Berlin\tskip\t20\d\d-\d\d-\d\dT0[12]:00:00Z\t-\tnightly$/m,
    );
    expect(list).toMatch(/^tick\tevery 2h\tone\t20\S+\t-\tx$/m);
    expect((await shell.queue('schedule', 'list', '--json')).stdout).toContain('"payload":{"n":1e400}');
    expect(await shell.json('schedule', 'next', '-n', '2', 'tick')).toMatchObject({
      slots: [{ schedule: 'tick' }, { schedule: 'tick' }],
    });
    expect((await shell.ok('schedule', 'next', 'nightly')).trim().split('\n')).toHaveLength(6);
    const removed = await shell.queue('schedule', 'rm', 'tick', 'tock');
    expect(removed).toMatchObject({ code: 1, stdout: 'tick removed\n' });
    expect((await shell.queue('schedule', 'next', 'tick')).stderr).toContain('E_SCHEDULE_UNKNOWN');
    for (const args of [
      ['--cron', 'soon'],
      [],
      ['--every', '1h', '--cron', '* * * * *'],
      ['--every', '1ms'],
      ['--every', '1h', '--zone', 'UTC'],
    ]) {
      expect((await shell.queue('schedule', 'add', 'bad', ...args)).code, args.join(' ')).toBe(2);
    }
  });

  test('a schedule makes its job for a consumer that waits', async () => {
    const shell = await shellOn(way);
    await shell.ok('enqueue', 'other');
    await shell.ok('schedule', 'add', 'tick', '--every', '1s', '-d', '7');
    const taken = JSON.parse(await shell.ok('take', '--name', 'tick', '--wait', '20s')) as Record<string, unknown>;
    expect(taken).toMatchObject({ name: 'tick', payload: 7 });
    expect(taken.id).toMatch(/^tick@20/);
  });
});
