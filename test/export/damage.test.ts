import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ExportText } from '../../src/commands/export-text.ts';
import { verifyPath } from '../../src/commands/verify.ts';
import { contextIn } from '../support/command-context.ts';
import { simEnv } from '../support/env.ts';
import { crashStates } from '../support/sim-crash.ts';
import { putFile } from '../support/sim-edit.ts';
import { sample } from './sample.ts';
import { contentOf, copy, exported, imported } from './support.ts';

/** The same text with the sum in its last line made right again: a forger's work. */
function mended(lines: readonly string[]): string {
  const head = lines.slice(0, -1).map((line) => `${line}\n`);
  const sha256 = createHash('sha256').update(head.join('')).digest('hex');
  return `${head.join('')}${lines.at(-1)?.replace(/"sha256":"\w+"/, `"sha256":"${sha256}"`)}\n`;
}

async function refusal(text: string | Uint8Array): Promise<{ code: string; message: string }> {
  const env = simEnv();
  try {
    await imported(env, text);
  } catch (error) {
    expect(await env.fs.readdir('/')).toEqual(['text.ndjson']);
    const { code, message, exit } = error as { code: string; message: string; exit: number };
    expect([2, 3, 5]).toContain(exit);
    return { code, message };
  }
  throw new Error('it was imported');
}

describe('an export that was cut off', () => {
  it.each([false, true])('is known at every byte, and makes no store (cleaned: %s)', async (cleaned) => {
    const { text } = await sample({ cleaned });
    const bytes = Buffer.from(text);
    const codes = new Set<string>();
    for (let end = 40; end < bytes.length; end++) codes.add((await refusal(bytes.subarray(0, end))).code);
    expect([...codes]).toEqual(['E_EXPORT_CUT']);
  });

  it('names the last line that is there', async () => {
    const { text } = await sample({ cleaned: false });
    const lines = text.split(/(?<=\n)/);
    expect(await refusal(lines.slice(0, 4).join(''))).toMatchObject({
      message: expect.stringContaining('the export ends after line 4, without its last line'),
    });
    expect(await refusal(lines.slice(0, 4).join('').slice(0, -3))).toMatchObject({
      message: expect.stringContaining('the export ends in the middle of line 4'),
    });
  });
});

describe('an export in which something was changed', () => {
  it('is refused, whichever byte it is', async () => {
    const { text } = await sample({ cleaned: true });
    const bytes = Buffer.from(text);
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at++) {
      const copied = Buffer.from(bytes);
      copied[at] = (copied[at] ?? 0) ^ (1 << (at % 8));
      const { code } = await refusal(copied);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toContain('E_EXPORT_SUM');
    expect(codes.get('E_EXPORT_LINE')).toBeGreaterThan(100);
  });

  it.each([
    [
      'a line less',
      (lines: string[]) => lines.filter((_, at) => at !== 3),
      'line 4, column 1: has seq 4, and 3 must follow',
    ],
    [
      'a line twice',
      (lines: string[]) => lines.flatMap((line, at) => (at === 3 ? [line, line] : [line])),
      'line 5, column 1: has seq 3',
    ],
    [
      'two lines exchanged',
      (lines: string[]) => [lines[0], lines[2], lines[1], ...lines.slice(3)],
      'line 2, column 1: has seq 2',
    ],
    ['no first line', (lines: string[]) => lines.slice(1), 'neither a file of a store'],
    [
      'another number of lines',
      (lines: string[]) => lines.map((line) => line.replace('"lines":12', '"lines":11')),
      'states 11 as "lines"',
    ],
    [
      'another last seq',
      (lines: string[]) => lines.map((line) => line.replace('"last":11', '"last":12')),
      'states 12 as "last"',
    ],
    ['a line behind the last one', (lines: string[]) => [...lines, ...lines.slice(-1)], 'follows the last line'],
    [
      'a write that never ends',
      (lines: string[]) => lines.map((line) => line.replace('"commit":2', '"commit":99')),
      'comes in the middle of a write',
    ],
    [
      'a write in a write',
      (lines: string[]) => lines.map((line, at) => (at === 2 ? line.replace(',"name"', ',"commit":2,"name"') : line)),
      'has a "commit" that does not fit',
    ],
    [
      'a carriage return',
      (lines: string[]) => lines.map((line) => `${line}\r`),
      'line 1, column 90: is not as an export writes it',
    ],
    [
      'another state',
      (lines: string[]) => lines.map((line) => line.replace(/"stateHash":"..../, '"stateHash":"0000')),
      'is not the state that the export names',
    ],
    [
      'an event that does not fit',
      (lines: string[]) => lines.map((line) => line.replace('"ACK","job":"c"', '"ACK","job":"d"')),
      'record 10',
    ],
  ])('says where, also when the sums were made right again: %s', async (_, change, message) => {
    const { text } = await sample({ cleaned: false });
    const lines = text.trimEnd().split('\n');
    expect((await refusal(mended(change(lines).map(String)))).message).toContain(message);
  });

  it.each([
    ['the base cut short', (lines: string[]) => lines.filter((_, at) => at !== 2), 'line 7, column 1: has no "base"'],
    [
      'another base',
      (lines: string[]) => lines.map((line) => line.replace('"reason":"why not"', '"reason":"why"')),
      'the base, at seq 8, is not the state',
    ],
    [
      'a base beyond the end',
      (lines: string[]) => lines.map((line) => line.replace('"baseSeq":8', '"baseSeq":80')),
      'comes before the seq of the base',
    ],
    [
      'a base in a write',
      (lines: string[]) => lines.map((line) => line.replace('"baseSeq":8', '"baseSeq":7')),
      'the base lies inside a write',
    ],
    [
      'no base',
      (lines: string[]) => lines.map((line) => line.replace(/,"baseSeq".*"/, '')),
      '"first" does not fit the base',
    ],
  ])('says where, in an export with a base: %s', async (_, change, message) => {
    const { text } = await sample({ cleaned: true });
    expect((await refusal(mended(change(text.trimEnd().split('\n'))))).message).toContain(message);
  });

  it('is what verify says of it too', async () => {
    const { env, text } = await sample({ cleaned: false });
    putFile(env.fs, '/t', Buffer.from(text.replace('"attempt":1', '"attempt":2')));
    const { verdict, findings } = await verifyPath(contextIn(env), '/t');
    expect({ verdict, findings }).toMatchObject({
      verdict: 'corrupt',
      findings: [{ code: 'E_EXPORT_SUM', file: 't' }],
    });
  });

  it('of a newer walq is refused as that', async () => {
    const { text } = await sample({ cleaned: false });
    expect(await refusal(text.replace('"version":1', '"version":2'))).toMatchObject({ code: 'E_NEWER_FORMAT' });
  });
});

describe('an event that this walq does not know', () => {
  it('goes over as it is, and the state is unknown here as there', async () => {
    const { text } = await sample({ cleaned: false });
    const lines = text.trimEnd().split('\n').slice(0, -1);
    let made = '';
    const sink = new ExportText((line) => {
      made += `${line}\n`;
      return undefined;
    });
    await sink.header({ store: '0123456789abcdef'.repeat(2), seqFirst: 1 });
    await sink.record(1, Buffer.from([99, 1, 97, 5]), 1);
    await sink.record(2, Buffer.from([255, 0, 1]), 1);
    await sink.end({ events: 2, lost: 0, seqLast: 2 });
    expect(lines.length).toBeGreaterThan(5);
    const env = simEnv();
    expect(made.split('\n')[1]).toBe('{"seq":1,"type":"TYPE_99","job":"a","timeMs":5,"raw":"YwFhBQ=="}');
    const { export: facts } = await imported(env, made);
    expect(facts).toEqual({ seqFirst: 1, lost: 0 });
    const again = await exported(env, copy);
    expect(again.text).toBe(made);
    expect(again.result.stateUnknown).toMatchObject({ seq: 1 });
  });
});

describe('lost events', () => {
  it('keep their seqs, and the time of the salvage', async () => {
    const { text } = await sample({ cleaned: false });
    const lines = text.trimEnd().split('\n');
    const lost = [
      ...lines.slice(0, 4),
      '{"seq":4,"type":"LOST","timeMs":1764000000000,"to":5}',
      '{"seq":6,"type":"LOST","to":6}',
      ...lines.slice(7, -1),
      lines.at(-1)?.replace('"lines":12,"events":11,"lost":0', '"lines":11,"events":8,"lost":3') ?? '',
    ];
    const env = simEnv();
    const { message } = await refusal(mended(lost));
    expect(message).toContain('got ');
    const hash = /got (\w+),/.exec(message)?.[1] ?? '';
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    const known = mended(lost.map((line) => line.replace(/"stateHash":"\w+"/, '"stateHash":null')));
    const { export: facts } = await imported(env, known);
    expect(facts).toEqual({ seqFirst: 1, lost: 3 });
    const { log, state } = await contentOf(env, copy);
    expect(log.filter((line) => line.startsWith('lost'))).toEqual([
      expect.stringMatching(/^lost 2 at 4: [0-9a-f]{12}$/),
      'lost 1 at 6: ',
    ]);
    expect(state.slice(0, 12)).toBe(hash);
    const again = await exported(env, copy);
    expect(again.text.split('\n').slice(0, -2)).toEqual(lost.slice(0, -1));
    expect(again.result.stateHash).toBe(state);
    expect((await imported(env, again.text, '/third')).export).toEqual({ seqFirst: 1, lost: 3, stateHash: state });
  });
});

describe('an import that is done', () => {
  it('is done on the disk', async () => {
    const { env, text } = await sample({ cleaned: true });
    await imported(env, text);
    const there = await contentOf(env, copy);
    for (const { fs } of crashStates(env.fs)) expect(await contentOf({ ...env, fs }, copy)).toEqual(there);
  });
});
