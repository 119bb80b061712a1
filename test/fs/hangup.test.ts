import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { outlivesTerminal } from '../../src/fs/hangup.ts';

const plain = { variables: {}, parent: process.pid, onTerminal: false };
const calledByNohup = { _: '/usr/bin/nohup' };

/** Of a shell that waits, with the words before that. */
async function shell(words: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', `${words}; echo; read line`], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid ?? Number.NaN;
}

test('HUP is heard as a rule', async () => {
  expect(outlivesTerminal(plain)).toBe(false);
  expect(outlivesTerminal({ ...plain, variables: { _: '/usr/bin/walq' } })).toBe(false);
  expect(outlivesTerminal({ ...plain, parent: await shell('true') })).toBe(false);
  expect(outlivesTerminal({ ...plain, parent: await shell("trap '' INT QUIT TERM") })).toBe(false);
});

test('called by nohup it is not, but on a terminal, which nohup leaves to nobody', () => {
  expect(outlivesTerminal({ ...plain, variables: calledByNohup })).toBe(true);
  expect(outlivesTerminal({ ...plain, variables: calledByNohup, onTerminal: true })).toBe(false);
});

test.runIf(process.platform === 'linux')('nor by a shell that ignores it itself', async () => {
  const parent = await shell("trap '' HUP");
  expect(outlivesTerminal({ ...plain, parent })).toBe(true);
  expect(outlivesTerminal({ ...plain, parent, onTerminal: true })).toBe(false);
});

test('of a parent that is gone nothing is known', () => {
  expect(outlivesTerminal({ ...plain, parent: 2 ** 30 })).toBe(false);
});
