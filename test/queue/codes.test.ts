import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { queueCodes } from '../../src/queue/codes.ts';

const folder = new URL('../../src/queue/', import.meta.url);

/** Thrown here, explained by the layer that owns them. */
const elsewhere = new Set(['E_NO_SPACE', 'E_JSON_SIZE', 'E_CLOSED']);

function codesIn(urls: readonly URL[]): Set<string> {
  const texts = urls.map((url) => readFileSync(url, 'utf8'));
  const quoted = texts.flatMap((text) => text.match(/'E_[A-Z_]+'/g) ?? []);
  return new Set(quoted.map((code) => code.slice(1, -1)).filter((code) => !elsewhere.has(code)));
}

test('every code the queue throws is explained, and none is explained that nothing throws', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('codes.ts'));
  const core = sources.filter((name) => !name.includes('/'));
  const explained = new Set(Object.keys(queueCodes));
  const thrown = codesIn(core.map((name) => new URL(name, folder)));
  expect([...thrown].filter((code) => !explained.has(code))).toEqual([]);
  const anywhere = codesIn(sources.map((name) => new URL(name, folder)));
  expect([...explained].filter((code) => !anywhere.has(code))).toEqual([]);
});

test('each code has a title, an explanation and a next step', () => {
  for (const entry of Object.values(queueCodes)) {
    expect(entry.title.length).toBeGreaterThan(5);
    expect(entry.explain).toMatch(/\.$/);
    expect(entry.next.length).toBeGreaterThan(5);
  }
});
