import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { phaseKinds } from '../../../src/queue/state/phase.ts';
import { examplesIn, makeShim, root, runShown } from '../../support/doc-examples.ts';

/**
 * These pages show what the tool really says: every example runs, in order, in one folder for each page. With
 * README=update in the environment the outputs are written into the page instead; look at the difference before you
 * commit it.
 */

const pathOf = (name: string) => join(root, 'docs', name);
const updating = process.env.README === 'update';

const base = mkdtempSync(join(tmpdir(), 'walq-docs-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** What differs from run to run: times, durations, processes and what is drawn at random. */
function settled(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b17\d{11}\b|\b18\d{11}\b/g, '<ms>')
    .replace(/\b(?:\d+(?:\.\d+)? ?(?:ms|[dhms]))+\b/g, '<duration>')
    .replace(/\b[0-9a-f]{32}\b/g, '<id>')
    .replace(/\b\d+(?:\.\d+)? [KM]?i?B\b/g, '<size>')
    .replace(/\bpid \d+/g, 'pid <pid>')
    .replace(/\b[0-9a-f]{12}\b/g, '<runner>');
}

test.each([
  ['queue-look.md', 13],
  ['jobs.md', 7],
  ['backup.md', 11],
  ['diff.md', 15],
  ['bisect.md', 5],
])('every example of %s gives what is printed there', async (name, least) => {
  const page = readFileSync(pathOf(name), 'utf8');
  const folder = join(base, name);
  mkdirSync(folder);
  const where = { cwd: folder, shims: join(folder, 'bin') };
  makeShim(where.shims);
  let text = page;
  expect(examplesIn(page).length).toBeGreaterThanOrEqual(least);
  for (const { command, output } of examplesIn(page)) {
    const { output: said } = await runShown('bash', ['-c', `exec 2>&1; ${command}`], where);
    if (updating) text = text.replace(`$ ${command}\n${output}`, () => `$ ${command}\n${said}`);
    else expect(settled(said), command).toBe(settled(output));
  }
  if (updating && text !== page) writeFileSync(pathOf(name), text);
});

test('the page explains every phase there is, and no other', () => {
  const page = readFileSync(pathOf('queue-look.md'), 'utf8');
  const named = [...page.matchAll(/^\| `([\w-]+)` +\|/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual([...phaseKinds].sort());
});
