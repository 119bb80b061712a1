import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/commands/queue/run-config.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { openPipe } from '../../../src/fs/pipe.ts';
import { parseStreamLine, streamJob } from '../../../src/queue/process/stream-line.ts';
import { loadModule } from '../../../src/queue/work/load-module.ts';
import { scratch } from '../../cli/run-walq.ts';

/** What docs/handlers.md shows is what works. */

const document = readFileSync(new URL('../../../docs/handlers.md', import.meta.url), 'utf8');

function block(language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(document) ?? [];
  if (text === undefined) throw new Error(`no example in ${language}`);
  return text;
}

test('the module loads, with one function by name', async () => {
  const file = `${scratch()}/handlers.mjs`;
  writeFileSync(file, block('js'));
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
    expect(line, text).toMatchObject({ id: 'mail-1', over: meaning !== 'on' });
  }
});
