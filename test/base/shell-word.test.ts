import { expect, test } from 'vitest';
import { shellId, shellPath, shellWord } from '../../src/base/shell-word.ts';

test('a word is quoted when a shell would read more in it; what no terminal may show is spelled out', () => {
  expect(shellWord('plain-1')).toBe('plain-1');
  expect(shellWord('')).toBe(`''`);
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
  expect(shellWord('back\\slash')).toBe(`'back\\slash'`);
  expect(shellWord('-')).toBe('-');
  expect(shellWord('new\nline')).toBe(`$'new\\012line'`);
  expect(shellWord("\t'\\ü\u202e")).toBe(`$'\\011\\'\\\\ü\\342\\200\\256'`);
});

test('no path and no id is taken for a flag', () => {
  expect(shellPath('--apply')).toBe('./--apply');
  expect(shellPath('-a b')).toBe(`'./-a b'`);
  expect(shellPath('/-x')).toBe('/-x');
  expect(shellPath('-')).toBe('-');
  expect(shellId('-x')).toBe(`-- '-x'`);
  expect(shellId('x')).toBe('x');
});
