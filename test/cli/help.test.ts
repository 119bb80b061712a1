import { expect, it } from 'vitest';
import { walq } from './run-walq.ts';

it('help explains what a tired person has before them: a verdict, an exit code, a code without its E_', async () => {
  for (const [words, begins] of [
    [['CORRUPT'], 'CORRUPT  bytes that were durable'],
    [['no', 'base'], 'NO BASE  '],
    [['3'], '3  damage'],
    [['locked'], 'E_LOCKED  '],
    [['wal'], 'Usage: walq wal'],
  ] as const) {
    const { code, stdout } = await walq(['help', ...words]);
    expect({ words, code, begins: stdout.startsWith(begins) }).toEqual({ words, code: 0, begins: true });
  }
  expect(JSON.parse((await walq(['help', '4', '--json'])).stdout)).toMatchObject({ kind: 'help', code: '4' });
  expect(await walq(['help', '99'])).toMatchObject({ code: 1, stderr: expect.stringContaining('E_UNKNOWN_COMMAND') });
  expect((await walq(['help', 'enqueue'])).stderr).toContain("no command 'enqueue'; near ones: queue enqueue, queue");
});
