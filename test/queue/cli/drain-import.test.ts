import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openQueue } from '../../../src/index.ts';
import { scratch } from '../../cli/run-walq.ts';
import { until } from '../process/helpers.ts';
import { startRunner } from '../run/queue-cli.ts';
import { type Shell, shellAt, shellOn, statesOf, ways } from './shells.ts';

describe('drain', () => {
  async function drained(handler: string, prepare: (shell: Shell) => Promise<unknown>) {
    const shell = shellAt(`${scratch()}/store`);
    const runner = startRunner(shell.store, ['--exec', handler]);
    await runner.says('ready');
    await prepare(shell);
    const ran = await shell.queue('drain');
    return { shell, runner, ran };
  }

  test('waits until the runner has worked off what is there and ended', async () => {
    const input = Array.from({ length: 20 }, (_, n) => `{"id":"j${n}"}\n`).join('');
    const { runner, ran, shell } = await drained('sleep 0.05', (each) => each.feed(input, 'enqueue', '-f', '-'));
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^\d+ jobs? completed, 0 dead\n$/);
    expect(await runner.ended).toMatchObject({ code: 0 });
    expect(new Set(Object.values(await statesOf(shell.store)))).toEqual(new Set(['completed']));
  });

  test('exits with 1 when jobs died after it was asked; earlier ones are not its affair', async () => {
    const dir = scratch();
    const shell = shellAt(`${dir}/store`);
    const handler = `[ "$WALQ_JOB_NAME" = early ] || until [ -e ${dir}/go ]; do sleep 0.05; done; exit 65`;
    const runner = startRunner(shell.store, ['--exec', handler]);
    await runner.says('ready');
    await shell.ok('enqueue', 'early');
    await runner.says(' dead ');
    await shell.ok('enqueue', 'late');
    const drain = shell.queue('drain');
    await drains(shell);
    writeFileSync(`${dir}/go`, '');
    expect(await drain).toMatchObject({ code: 1, stdout: '0 jobs completed, 1 dead\n' });
  });

  test('counts once what dies while two workers of a program would take it', async () => {
    const shell = shellAt(`${scratch()}/store`);
    await using queue = await openQueue(shell.store);
    let go = () => {};
    const begun = new Promise<void>((begin) => {
      queue.work({
        mail: async () => {
          begin();
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          throw new Error('no');
        },
      });
    });
    await queue.enqueue('mail', undefined, { id: 'fails', attempts: 1 });
    await begun;
    queue.work({ mail: () => undefined });
    await queue.enqueue('mail', undefined, { id: 'child', after: ['fails'] });
    await queue.enqueue('mail', undefined, { id: 'cancelled', delay: '1h' });
    await queue.enqueue('other', undefined, { id: 'of-others', delay: '1h' });
    const drain = shell.queue('drain');
    await drains(shell);
    await queue.cancel('cancelled');
    await queue.cancel('of-others');
    go();
    expect(await drain).toMatchObject({ code: 1, stdout: '0 jobs completed, 3 dead\n' });
  });

  test('waits for a job that is out on a lease, and runs it when it comes back', async () => {
    const shell = shellAt(`${scratch()}/store`);
    await shell.ok('enqueue', '--id', 'leased');
    const { token } = JSON.parse(await shell.ok('take', '--lease', '1h')) as { token: string };
    const runner = startRunner(shell.store, ['--exec', 'true', '--drain']);
    await runner.says('ready');
    await shell.ok('fail', token, '--retry-in', '0s');
    expect(await runner.ended).toMatchObject({ code: 0 });
    expect(runner.stderr()).toContain('1 completed, 0 retries, 0 dead\n');
  });

  test('exits with 1 when a pause holds some back', async () => {
    const { ran } = await drained('true', async (shell) => {
      await shell.ok('pause', '--name', 'mail');
      await shell.ok('enqueue', 'mail');
    });
    expect(ran).toMatchObject({ code: 1, stdout: '0 jobs completed, 0 dead, 1 held back by a pause\n' });
  });

  test('says when the runner was stopped before the end', async () => {
    const shell = shellAt(`${scratch()}/store`);
    const runner = startRunner(shell.store, ['--exec', 'sleep 60', '--grace', '0s']);
    await runner.says('ready');
    await shell.ok('enqueue', 'long');
    const drain = shell.queue('drain', '--json');
    await drains(shell);
    await runner.kill('SIGTERM');
    const { code, stdout } = await drain;
    expect(JSON.parse(stdout)).toMatchObject({ completed: 0, dead: 0, unfinished: 'the runner was stopped' });
    expect(code).toBe(1);
  });

  /** The runner has been asked. */
  async function drains(shell: Shell): Promise<void> {
    await until(async () => {
      const { runner } = (await shell.json('status')) as { runner?: { stopping: boolean } };
      return runner?.stopping === true;
    }, 'the runner drains');
  }

  test('without a runner says so at once', async () => {
    const shell = await shellOn('under the lock');
    await shell.ok('enqueue', 'a');
    const ran = await shell.queue('drain');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/E_NO_RUNNER\]\nnext: {2}walq --store .* queue run --exec 'CMD' --drain\n$/);
  });
});

const exported = [
  '{"id":"done","name":"default","state":"completed","was":{"seq":1}}',
  '{"id":"gone","name":"default","state":"dead","was":{"reason":"attempts"}}',
  '{"id":"busy","name":"mail","payload":{"n":9007199254740993},"attempts":7,"state":"in_flight","was":{}}',
  '{"id":"wait","after":["done","busy"],"key":"k","key_ttl":"1h","group":"g","state":"pending"}',
];

describe.each(ways)('import %s', (way) => {
  test('takes jobs that wait or were at work as they are; a second time they are there already', async () => {
    const shell = await shellOn(way);
    const input = exported.join('\n');
    const first = await shell.feed(input, 'import', '-');
    expect(first).toMatchObject({ code: 0, stdout: '2 jobs imported, 1 completed left out, 1 dead left out\n' });
    expect(await statesOf(shell.store)).toEqual({ busy: 'pending', wait: 'pending' });
    const [busy, wait] = await shell.log();
    expect(busy).toBe('ENQUEUE busy  name=mail attempts=7 payload={"n":9007199254740993}');
    expect(wait).toMatch(/^ENQUEUE wait {2}group=g key=k key_until=20\S+ parents=busy$/);
    const second = await shell.feed(input, 'import', '-', '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ enqueued: 0, duplicates: 2, completed: 1, dead: 1 });
    const all = await shell.feed(input, 'import', '-', '--all');
    expect(all.stdout).toBe('2 jobs imported, 2 there already\n');
  });

  test('a line of no export stops it, or is skipped; commands are taken only when allowed', async () => {
    const shell = await shellOn(way);
    const bad = await shell.feed(`${exported[2]}\n{"id":"x"}\n`, 'import', '-');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/^error: standard input: line 2: state is missing/);
    const skipped = await shell.feed(`{"id":"x"}\n${exported[2]}\n`, 'import', '-', '--on-error', 'skip');
    expect(skipped).toMatchObject({ code: 1, stdout: '1 job imported, 1 bad line skipped\n' });
    const command = '{"id":"c","command":["true"],"state":"pending"}';
    expect((await shell.feed(command, 'import', '-')).stderr).toContain('E_COMMAND_FORBIDDEN');
    expect((await shell.feed(command, 'import', '-', '--allow-commands')).code).toBe(0);
    expect((await shell.queue('import', '/nowhere')).stderr).toContain('E_NO_FILE');
  });

  test('a job that waits beside one at work with the same key is not lost', async () => {
    const shell = await shellOn(way);
    const from = shellAt(`${scratch()}/from`);
    await from.ok('enqueue', '--id', 'a', '--key', 'k');
    await from.ok('take');
    await from.ok('enqueue', '--id', 'b', '--key', 'k', '--key-mode', 'replace');
    expect((await shell.feed(await from.ok('export'), 'import', '-')).stdout).toBe('2 jobs imported\n');
    expect(await shell.ok('enqueue', '--id', 'c', '--key', 'k')).toBe('a duplicate\n');
  });

  test('what export writes comes back as it was: options, ties, and what is left to wait for', async () => {
    const shell = await shellOn(way);
    const from = shellAt(`${scratch()}/from`);
    const jobs = [
      { id: 'done' },
      { id: 'busy', name: 'mail', payload: { n: 1 }, attempts: 7, backoff: 'fixed:3s', timeout: '9s', priority: -4 },
      { id: 'keyed', name: 'x', key: 'k', key_ttl: '2h', group: 'g', expire: '3h', at: 4_000_000_000_000 },
      { id: 'child', name: 'x', after: ['done', 'busy'] },
      { id: 'gone', name: 'x' },
      { id: 'orphan', name: 'x', after: ['gone'] },
    ];
    await from.feed(JSON.stringify(jobs), 'enqueue', '-f', '-');
    const { token } = JSON.parse(await from.ok('take', '--name', 'default')) as { token: string };
    await from.ok('ack', token);
    await from.ok('take', '--name', 'mail');
    await from.ok('cancel', 'gone');
    const imported = await shell.feed(await from.ok('export'), 'import', '-');
    expect(imported).toMatchObject({ code: 0, stdout: '3 jobs imported, 1 completed left out, 2 dead left out\n' });
    const open = (lines: string[]) => lines.filter((line) => /^ENQUEUE (busy|keyed|child) /.test(line)).sort();
    const timeless = (lines: string[]) => lines.map((line) => line.replace(/(key_until|expires_at)=\S+/g, '$1=TIME'));
    const [wanted, got] = [timeless(open(await from.log())), timeless(open(await shell.log()))];
    expect(got).toEqual(wanted.map((line) => line.replace('parents=done,busy', 'parents=busy')));
    const again = await shell.feed(await from.ok('export'), 'import', '-');
    expect(again.stdout).toContain('0 jobs imported, 3 there already');
  });
});
