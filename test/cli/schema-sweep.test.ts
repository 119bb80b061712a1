import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { kindsApart, leavesOf } from '../../src/cli/leaves.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { kinds } from '../../src/cli/schema/kinds.ts';
import { startRunner } from '../queue/run/queue-cli.ts';
import { checkAnswer, kindOf, seen } from './answers.ts';
import { binary, folderForAll, type Ran, walq } from './run-walq.ts';

/** Every command answers in JSON at least once here, with success and with an error: no schema is untested. */

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const folder = folderForAll();
const store = `${folder}/store`;

/** One line of words, with --json unless it has an -o of its own; the answer is held against its schema. */
async function ask(line: string, input?: string): Promise<Ran> {
  const words = line.replaceAll('STORE', store).replaceAll('DIR', folder).split(' ');
  const args = words.some((word) => ['-o', '--lines', '--json'].includes(word)) ? words : [...words, '--json'];
  // By the variable: a path that is named beside it wins.
  const ran = await walq(args, { env: { WALQ_STORE: store }, ...(input !== undefined && { input }) });
  expect(ran.stdout, `${line}: ${ran.stderr}`).toMatch(/^\{/);
  return ran;
}

async function askAll(lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const { stdout } = await ask(line);
    // Words that are wrong would test nothing.
    expect(stdout, line).not.toMatch(/"error":\{"code":"E_(USAGE|WHERE|SELECTOR|BACKOFF|DURATION)"/);
  }
}

/** The member of an answer that the next command needs. */
const memberOf = ({ stdout }: Ran, name: string): string => new RegExp(`"${name}":"([^"]+)"`).exec(stdout)?.[1] ?? '';

it('every command, with words that it does not know', async () => {
  for (const { kind } of leavesOf(buildProgram({ kind: '' }))) {
    const { code, stdout } = await ask(`${kind.replaceAll('.', ' ')} --no-such-flag`);
    expect([kind, code, JSON.parse(stdout)]).toMatchObject([kind, 2, { kind, error: { code: 'E_USAGE', exit: 2 } }]);
  }
  for (const words of ['wal nothing', 'queue dead nothing', 'nothing', 'queue']) await ask(words);
});

it('what fills a queue, and changes it', async () => {
  await ask(
    'queue enqueue mail --id one --group eu --group-limit 4 --key k --key-ttl 5m -d {"to":[1,9007199254740993]}',
  );
  await ask('queue enqueue mail --key k');
  await ask('queue enqueue mail --key k --key-mode replace --id two --priority -3 --timeout 5s');
  await ask('queue enqueue later --id three --delay 1h --expire 2h');
  await ask('queue enqueue child --id four --after three');
  writeFileSync(
    `${folder}/jobs`,
    '{"id":"a"}\nno job\n{"id":"b","name":"bad"}\n{"id":"c","command":["true"]}\n{"id":"d"}\n',
  );
  expect((await ask('queue enqueue -f DIR/jobs --on-error skip --allow-commands')).code).toBe(1);
  expect((await ask('queue enqueue -f DIR/jobs')).code).toBe(2);
  await askAll(['queue pause --name mail --reason down', 'queue pause', 'queue list', 'queue status', 'queue resume']);
  await askAll(['queue resume --name mail', 'queue resume', 'queue limit --group eu --concurrency 4 --rate 10/s']);
  await askAll(['queue limit --max-pending 1000 --keep-for 1h --keep-count 100 --max-payload 1MiB', 'queue limit']);
  await askAll(['queue schedule add tick --every 1h -d {"n":1}', 'queue schedule list', 'queue schedule next']);
  const cron = [
    'queue',
    'schedule',
    'add',
    'cron',
    '--cron',
    '0 6 * * 1-5',
    '--zone',
    'Europe/Berlin',
    '--expire',
    '1h',
  ];
  await walq(['--store', store, ...cron, '--json']);
  await askAll(['queue schedule list', 'queue status', 'queue schedule rm tick none']);
  await askAll(['queue promote three', 'queue update two --priority 5 -d {"b":2}', 'queue cancel four none']);
  await askAll(['queue list -o ndjson', 'queue export']);
});

it('consumers with a lease', async () => {
  const token = memberOf(await ask('queue take --name mail --lease 1m'), 'token');
  await askAll(['queue list --phase leased', `queue extend ${token} 5m`, 'queue show two', `queue ack ${token} none`]);
  await walq(['--store', store, 'queue', 'take', '--name', 'later']).then(async ({ stdout }) => {
    await ask(`queue fail ${/"token":"([^"]+)"/.exec(stdout)?.[1]} --retry-in 1s --error boom`);
  });
  const other = memberOf(await ask('queue take --name bad'), 'token');
  await ask(`queue fail ${other} --dead never`);
  expect((await ask('queue take --name nobody')).code).toBe(1);
});

it('a runner, and what it leaves', async () => {
  await ask('queue enqueue fails --id fails --attempts 2 --backoff none');
  await ask('queue enqueue wild --id wild --attempts 1');
  const handler = `${folder}/handler`;
  writeFileSync(
    handler,
    'echo hello; case $WALQ_JOB_NAME in fails) echo no >&2; exit 1;; wild) kill -9 $$;; *) echo \'{"result":{"r":1}}\' >&3;; esac',
  );
  const run = await walq(['--store', store, 'queue', 'run', '--exec', `sh ${handler}`, '--drain', '--json']);
  expect(run.code).toBe(1);
  await askAll([
    'queue list',
    'queue list -o ndjson',
    'queue dead list',
    'queue dead list -o ndjson',
    'queue status --check dead==0',
  ]);
  await askAll([
    'queue show a',
    'queue show fails',
    'queue dead show wild',
    'queue logs fails',
    'queue wait a',
    'queue wait --timeout 1ms',
  ]);
  await askAll([
    'queue events',
    'queue events -o ndjson',
    'queue export',
    'queue retry fails none',
    'queue wait fails --timeout 1ms',
  ]);
  await ask('queue import DIR/export --all', '');
  writeFileSync(`${folder}/export`, (await walq(['--store', store, 'queue', 'export'])).stdout);
  await walq(['--store', `${folder}/other`, 'queue', 'import', `${folder}/export`, '--allow-commands', '--json']);
  await askAll([
    'queue dead retry --all',
    'queue retry --all',
    'queue prune --older-than 0 --dry-run',
    'queue dead rm none',
  ]);
  const runner = startRunner(store, ['--exec', 'sleep 0.3', '--snapshot-every', '3']);
  await runner.says('ready');
  await askAll(['queue status', 'queue list', 'queue show fails', 'queue enqueue slow --id slow', 'snapshot create']);
  await watch();
  await ask('queue drain');
  await runner.ended;
  await askAll(['queue rm slow', 'queue prune --keep 1', 'queue dead rm --all --yes', 'queue rm --all --yes']);
});

/** Until its first line is there: it has no end of its own. */
async function watch(): Promise<void> {
  const args = ['--store', store, 'queue', 'watch', '-o', 'ndjson'];
  const child = spawn(process.execPath, [binary, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.includes('\n')) child.kill();
  });
  await once(child, 'close');
  checkAnswer(args, text, false);
}

it('a sound log, its snapshots and copies', async () => {
  await askAll([
    'wal inspect STORE',
    'wal inspect STORE -r -n 3',
    'wal inspect STORE -o ndjson',
    'wal inspect STORE 999999',
  ]);
  await askAll(['wal verify STORE', 'wal verify STORE --deep', 'wal verify STORE -o ndjson', 'wal stats STORE']);
  await askAll([
    'wal replay STORE',
    'wal replay STORE -o ndjson',
    'wal replay STORE --save DIR/saved',
    'wal state-hash STORE 3',
  ]);
  await askAll(['snapshot create STORE', 'snapshot list STORE', 'snapshot verify STORE', 'snapshot show STORE']);
  await askAll([
    'snapshot show STORE -o ndjson',
    'snapshot verify DIR/saved',
    'wal verify DIR/saved',
    'snapshot show DIR/saved',
  ]);
  await askAll(['snapshot restore DIR/saved --to DIR/restored', 'backup STORE DIR/copy', 'doctor STORE']);
  await askAll(['queue enqueue after --id after', 'snapshot restore STORE', 'snapshot restore STORE --apply']);
  await askAll(['snapshot restore STORE --undo', 'wal repair STORE', 'wal repair STORE --mode cut --at @-1']);
  await askAll(['queue enqueue late --id late', 'wal diff STORE 3 @tail', 'wal diff STORE 3 @tail -o ndjson']);
  await askAll(['wal diff STORE --with DIR/copy --job late', 'queue show late --explain', 'snapshot create STORE']);
  await askAll([
    'wal inspect STORE --job late --explain',
    'wal diff STORE 3 --where attempt>0',
    'bench --quick --dir DIR',
  ]);
  await askAll(['snapshot diff STORE', 'snapshot diff STORE -o ndjson']);
  await askAll(['wal export STORE', 'wal export STORE @-3.. -o ndjson', 'wal export STORE --to DIR/text']);
  await askAll(['wal verify DIR/text', 'wal inspect DIR/text', 'wal import --from DIR/text --store DIR/of-text']);
  await ask('report STORE --output=DIR/report.html');
  await askAll(['doctor STORE --bundle DIR/bundle.tgz', 'help --all']);
  await askAll(['wal bisect STORE --where jobs>3', 'wal bisect STORE --where dead>1000']);
  await askAll(['wal compact STORE --dry-run', 'wal compact STORE', 'snapshot prune STORE --keep 1']);
  await askAll(['demo --jobs 200', 'completion bash', 'help E_GAP', 'help codes', 'schema', 'schema error']);
});

it('damage of every kind, looked at and repaired', async () => {
  const stores = readdirSync(fixtures, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(`${fixtures}/${entry.name}`).includes('STORE.json'))
    .map(({ name }) => name);
  expect(stores.length).toBeGreaterThan(4);
  for (const name of stores) {
    const damaged = `${folder}/${name}`;
    cpSync(`${fixtures}/${name}`, damaged, { recursive: true });
    await askAll([`doctor ${damaged}`, `wal verify ${damaged} --deep`, `wal verify ${damaged} -o ndjson`]);
    await askAll([`wal inspect ${damaged}`, `wal replay ${damaged}`, `snapshot list ${damaged}`]);
    for (const words of ['queue list', 'queue status', 'queue show job_1 --explain']) {
      const { stdout } = await walq(['--store', damaged, ...words.split(' '), '--json']);
      expect(stdout).toMatch(/^\{"walq":1/);
    }
    await askAll([`wal repair ${damaged} --mode salvage --to ${damaged}-new`, `wal repair ${damaged} --mode heal`]);
    await askAll([`wal repair ${damaged} --mode heal --apply`, `wal repair ${damaged} --mode trim --apply --yes`]);
    await askAll([`wal repair ${damaged} --undo`, `wal repair ${damaged} --mode salvage --to ${damaged}-new --apply`]);
    await ask(`wal replay ${damaged}-new`);
    await ask(`wal inspect ${damaged}-new`);
  }
});

it('logs and snapshots of other systems', async () => {
  const files = ['document', 'raft-recovery'].flatMap((name) =>
    readdirSync(`${fixtures}/${name}`).map((file) => `${fixtures}/${name}/${file}`),
  );
  for (const [at, file] of files.entries()) {
    const looks = ['wal verify', 'wal inspect', 'wal replay', 'wal state-hash', 'snapshot show', 'snapshot verify'];
    await askAll(looks.map((look) => `${look} ${file}`));
    const from = file.endsWith('.json') ? '--snapshot' : '--from';
    await walq(['wal', 'import', from, file, '--store', `${folder}/imported-${at}`, '--json']);
  }
});

it('has by now seen every kind: its document, an error, and a line where it has any', () => {
  const wanted = Object.entries(kinds).flatMap(([kind, { answers, lines }]) => [
    ...(answers.length > 0 ? [`${kind} document`] : []),
    ...(kindsApart[kind] === undefined ? [`${kind} error`] : []),
    ...(lines ? [`${kind} line`] : []),
  ]);
  expect(wanted.filter((each) => !seen.has(each))).toEqual([]);
  expect(kindOf(['--store', 's', 'queue', 'dead', 'list', 'x'])).toBe('queue.dead.list');
});
