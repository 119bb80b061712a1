import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { asksForJson, colorArgument, protectSelectors } from '../../src/cli/arguments.ts';
import { Output, OutputClosed } from '../../src/cli/output.ts';
import { progressText } from '../../src/cli/progress.ts';
import { makeStyle, wantsColor } from '../../src/cli/style.ts';
import { type Column, countCell, renderTable } from '../../src/cli/table.ts';
import { bytes, columnsOf, count, cut, cutInside, percent } from '../../src/cli/text.ts';

describe('text', () => {
  it('measures columns: wide characters take two, marks and colours none', () => {
    expect(columnsOf('abc')).toBe(3);
    expect(columnsOf('日本')).toBe(4);
    expect(columnsOf('e\u0301')).toBe(1);
    expect(columnsOf('\u001b[31mred\u001b[39m')).toBe(3);
  });

  it('cuts to the width with an ellipsis, and only then', () => {
    expect(cut('abcdef', 6)).toBe('abcdef');
    expect(cut('abcdef', 5)).toBe('abcd…');
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 6)).toBe('日本語');
    expect(cut('abc', 1)).toBe('…');
    expect(cut('abc', 0)).toBe('');
  });

  it('cuts ids and file names inside: their ends tell them apart', () => {
    const id = '01a2167c-6fc4-7f41-9a0b-77d3c1e0aa12';
    expect(cutInside(id, 36)).toBe(id);
    expect(cutInside(id, 16)).toBe('01a21…d3c1e0aa12');
    expect(columnsOf(cutInside(id, 9))).toBe(9);
    expect(columnsOf(cutInside('日本語日本語', 7))).toBeLessThanOrEqual(7);
    expect(cutInside('日本語日本語', 7)).toBe('日…本語');
    expect(cutInside('abc', 1)).toBe('…');
    expect(cutInside('abc', 0)).toBe('');
  });

  it('writes numbers of a table with separators for people, as bare digits for a program, and a dash for none', () => {
    expect([80, undefined].map((width) => countCell(12_345, { width }))).toEqual(['12,345', '12345']);
    expect(countCell(undefined, { width: 80 })).toBe('-');
  });

  it('writes numbers the same everywhere', () => {
    expect([0, 1 / 3, 0.375, 0.99999, 1].map(percent)).toEqual(['0%', '33.3%', '37.5%', '100%', '100%']);
    expect([0, 999, 1000, 1_234_567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
    const values = [0, 512, 1536, 1024 * 1024 - 1, 64 * 1024 * 1024];
    expect(values.map(bytes)).toEqual(['0 B', '512 B', '1.5 KiB', '1 MiB', '64 MiB']);
    const half = '████████░░░░░░░░  50%  512 KiB of 1 MiB  256 KiB/s  2 s left';
    expect(progressText(512 * 1024, 1024 * 1024, 256 * 1024)).toBe(half);
    const more = '████████████████ 100%  2 MiB of 1 MiB  256 KiB/s  0 s left';
    expect(progressText(2048 * 1024, 1024 * 1024, 256 * 1024)).toBe(more);
    expect(progressText(2048 * 1024, undefined, 1024)).toBe('2 MiB  1 KiB/s');
  });
});

describe('a table', () => {
  const columns = [
    { title: 'SEQ', align: 'right' as const },
    { title: 'TEXT', flexible: true },
  ];
  const rows = [
    ['1', 'short'],
    ['22', 'x'.repeat(100)],
  ];

  it('is aligned and cut to a terminal, never wider', () => {
    const lines = renderTable(columns, rows, { width: 40, style: makeStyle(false) }).split('\n');
    expect(lines[0]).toBe('SEQ  TEXT');
    expect(lines[1]).toBe('  1  short');
    expect(lines[2]).toBe(` 22  ${'x'.repeat(34)}…`);
    expect(lines.every((line) => columnsOf(line) <= 40)).toBe(true);
  });

  it('cuts texts before ids, which can be copied as long as they are whole', () => {
    const id = '01a21fdb-dc53-7f80-9af4-331c8e0bc325';
    const three: Column[] = [
      { title: 'ID', flexible: true, cutInside: true },
      { title: 'NOTE', flexible: true },
    ];
    const at = (width: number): string | undefined =>
      renderTable(three, [[id, 'waits for the lease of another']], { width, style: makeStyle(false) }).split('\n')[1];
    expect(at(60)).toBe(`${id}  waits for the lease o…`);
    expect(at(54)).toBe(`${id}  waits for the l…`);
    expect(at(44)).toBe(`${cutInside(id, 26)}  waits for the l…`);
    expect(at(20)).toBe(`${cutInside(id, 8)}  waits for…`);
    expect(at(10)).toBe(`${cutInside(id, 8)}  waits f…`);
  });

  it('has tabs and whole texts in a pipe', () => {
    const text = renderTable(columns, rows, { width: undefined, style: makeStyle(false) });
    expect(text).toBe(`SEQ\tTEXT\n1\tshort\n22\t${'x'.repeat(100)}\n`);
  });

  it('is free of colour unless colour is on', () => {
    const render = (enabled: boolean) => renderTable(columns, rows, { width: 60, style: makeStyle(enabled) });
    expect(render(false)).not.toContain('\u001b');
    expect(render(true)).toContain('\u001b');
  });
});

describe('arguments', () => {
  it('protects selectors from the option parser, and nothing else', () => {
    expect(protectSelectors(['wal', 'inspect', '-10..'])).toEqual(['wal', 'inspect', '@-10..']);
    expect(protectSelectors(['wal', 'replay', '--until', '-3'])).toEqual(['wal', 'replay', '--until', '@-3']);
    expect(protectSelectors(['--json', 'wal', 'inspect', 'p', '-10..-2'])).toEqual([
      '--json',
      'wal',
      'inspect',
      'p',
      '@-10..-2',
    ]);
    expect(protectSelectors(['wal', 'inspect', '-n', '-5', '-r'])).toEqual(['wal', 'inspect', '-n', '-5', '-r']);
    expect(protectSelectors(['wal', 'inspect', '--grep', '-5'])).toEqual(['wal', 'inspect', '--grep', '-5']);
    expect(protectSelectors(['queue', 'enqueue', '-d', '-5'])).toEqual(['queue', 'enqueue', '-d', '-5']);
    expect(protectSelectors(['wal', 'repair', '--to', '-5'])).toEqual(['wal', 'repair', '--to', '-5']);
    expect(protectSelectors(['wal', 'inspect', '--', '-5'])).toEqual(['wal', 'inspect', '--', '-5']);
  });

  it('finds out about JSON and colour before the parse, but not behind --', () => {
    expect(asksForJson(['wal', 'verify', '--json'])).toBe(true);
    expect(asksForJson(['queue', 'enqueue', '--', 'x', '--json'])).toBe(false);
    expect(asksForJson(['queue', 'enqueue', 'json'])).toBe(false);
    expect(colorArgument(['--color=never', 'wal'])).toBe('never');
    expect(colorArgument(['wal', '--color', 'always'])).toBe('always');
    expect(colorArgument(['wal'])).toBeUndefined();
  });

  it('colours a terminal unless told otherwise', () => {
    expect(wantsColor('auto', {}, true)).toBe(true);
    expect(wantsColor('auto', { TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColor('auto', { NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColor('auto', { NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColor('auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, false)).toBe(true);
  });
});

describe('the output', () => {
  it('waits for a slow reader instead of gathering', async () => {
    const taken: number[] = [];
    const slow = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        taken.push(chunk.length);
        setImmediate(done);
      },
    });
    const out = new Output(slow);
    for (let at = 0; at < 5000; at++) await out.write('x'.repeat(100));
    await out.flush();
    expect(taken.reduce((sum, each) => sum + each, 0)).toBe(500_000);
    expect(Math.max(...taken)).toBeLessThan(70_000);
    expect(slow.writableLength).toBe(0);
  });

  it('throws OutputClosed once the reader is gone', async () => {
    const stream = new PassThrough();
    const out = new Output(stream);
    stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    // Text that has waited for long is handed over by `write` itself.
    const written = async () => {
      await out.write('x');
      await out.flush();
    };
    await expect(written()).rejects.toThrow(OutputClosed);
    await expect(out.flush()).rejects.toThrow(OutputClosed);
  });
});
