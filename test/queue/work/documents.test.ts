import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/commands/queue/run-config.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openPipe } from '../../../src/fs/pipe.ts';
import { parseStreamLine, streamJob } from '../../../src/queue/process/stream-line.ts';
import { loadModule } from '../../../src/queue/work/load-module.ts';
import { scratch } from '../../cli/run-walq.ts';
import { blocksOf, makeShim, root, runShown } from '../../support/doc-examples.ts';

/** What docs/handlers.md and docs/jobs.md show is what works. */

const document = readFileSync(new URL('../../../docs/handlers.md', import.meta.url), 'utf8');

/** The example in this language that has these words. */
function block(language: string, words = ''): string {
  const text = blocksOf(document, language).find((each) => each.includes(words));
  if (text === undefined) throw new Error(`no example in ${language}`);
  return text;
}

test('the module loads, with one function by name', async () => {
  const file = `${scratch()}/handlers.mjs`;
  writeFileSync(file, block('js', 'export default'));
  expect(Object.keys(await loadModule(file))).toEqual(['mail']);
});

test('the file of flags is read', async () => {
  const file = `${scratch()}/walq.yaml`;
  writeFileSync(file, block('yaml'));
  expect(await readConfig({ fs: nodeFs, pipe: openPipe }, file)).toMatchObject({
    workers: 'auto',
    task_timeout: '30s',
    halt: 'dead=100',
  });
});

test('the line of a job is what a handler reads', () => {
  const job = { id: 'mail-1', name: 'mail', attempt: 1, attemptsMax: 3, payload: '{"to":"ada@example.org"}' };
  expect(block('ndjson')).toBe(streamJob(job));
});

test('each line of the table of --stream is understood as the table says', () => {
  const lines = [...document.matchAll(/^\| `(\{"id":"mail-1".*?\})`.*?\| +(\S+)/gm)];
  expect(lines).toHaveLength(7);
  for (const [, text = '', meaning = ''] of lines) {
    const line = parseStreamLine(Buffer.from(text.replace('…', '1')));
    expect(line, text).toMatchObject({ id: 'mail-1', over: meaning !== 'no' }); // 'no verdict yet'
  }
});

/** An empty folder, with `walq` and these other programs on the PATH. */
function place(programs: Record<string, string> = {}) {
  const where = { cwd: scratch(), shims: join(scratch(), 'bin') };
  makeShim(where.shims);
  for (const [name, text] of Object.entries(programs)) script(join(where.shims, name), text);
  return {
    ...where,
    shell: async (line: string) => await runShown('sh', ['-c', line], where),
    /** What became of a job: its state and the last attempt's outcome, as JSON. */
    show: async (id: string) => (await runShown('walq', ['queue', 'show', id, '-o', 'json'], where)).output,
  };
}

function script(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

test.each([
  ['200', '"status":"completed"', '"result":{"status":200}'],
  ['404', '"status":"dead"', 'no such user'],
])('the shell handler, where the mail service answers %s', async (status, state, said) => {
  const [commands = '', handler = ''] = blocksOf(document, 'sh');
  const { cwd, shell, show } = place({
    curl: `#!/bin/sh\nprintf ${status}\n`,
    jq: '#!/bin/sh\nsed \'s/.*"to":"\\([^"]*\\)".*/\\1/\'\n',
  });
  script(join(cwd, 'send-mail.sh'), handler);
  // The page shows a runner that stays; here it ends when its work does.
  const { output } = await shell(commands.replace(/(queue run .*)/, '$1 --drain').replace('mail -d', 'mail --id m -d'));
  expect(output).toMatch(/^m (completed|dead)/m);
  const shown = await show('m');
  expect(shown).toContain(state);
  expect(shown).toContain(said);
});

test('the handler that may run twice writes its report once', async () => {
  const [handler = ''] = blocksOf(readFileSync(join(root, 'docs/jobs.md'), 'utf8'), 'sh');
  const { cwd, shell } = place();
  script(join(cwd, 'make-report'), handler);
  const twice = ['first', 'second'].map((text) => `echo ${text} | WALQ_JOB_ID=r1 ./make-report`).join(' && ');
  expect((await shell(`${twice} && cat reports/r1 && ls -A reports`)).output).toBe('first\nr1\n');
});

const python = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!python)('the process that lives on, in Python (not run where there is no python3)', async () => {
  const { cwd, shell, show } = place();
  writeFileSync(join(cwd, 'worker.py'), block('python'));
  const enqueue = `walq queue enqueue mail --id p -d '{"a":1,"b":2}'`;
  const { output } = await shell(`${enqueue} && walq queue run --stream 'python3 worker.py' --drain`);
  expect(output).toMatch(/^p completed/m);
  expect(await show('p')).toContain('"result":2');
});

test('the process with many jobs at a time, in JavaScript', async () => {
  let atOnce = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++atOnce);
    setTimeout(() => {
      atOnce--;
      response.writeHead(request.url === '/bad' ? 500 : 200).end();
    }, 100);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { cwd, shell, show } = place();
  writeFileSync(join(cwd, 'worker.mjs'), block('js', 'createInterface'));
  const jobs = [...'abcdef'].map((id) => `{"id":"${id}","payload":{"url":"${url}/"}}`);
  jobs.push(`{"id":"refused","attempts":1,"payload":{"url":"${url}/bad"}}`, '{"id":"none","attempts":1}');
  writeFileSync(join(cwd, 'jobs'), jobs.join('\n'));
  const run = `walq queue run --stream "exec '${process.execPath}' worker.mjs" -j 8 --per-process 8 --drain`;
  const { output } = await shell(`walq queue enqueue -f jobs && ${run}`);
  expect(output).toContain('6 completed, 0 retries, 2 dead');
  expect(most).toBeGreaterThan(1);
  expect(await show('refused')).toContain('status 500');
  expect(await show('none')).toContain('TypeError');
});
