import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judgeInput } from './oracle.ts';
import { targets } from './targets/index.ts';

/** Inputs that did harm once do none any more: fixtures/README.md says what each is. */

const corpus = new URL('../../fixtures/fuzz/', import.meta.url);
const inputs = readdirSync(corpus).flatMap((target) =>
  readdirSync(new URL(`${target}/`, corpus)).map((name) => ({ target, name })),
);

/** What is said of those that once did harm. */
const answers: Readonly<Record<string, string>> = {
  'config/deep-brackets': 'E_CONFIG',
  'config/deep-dashes': 'E_CONFIG',
  'selector/early-year': 'E_SELECTOR',
  'selector/endless': 'E_SELECTOR',
  'selector/prototype': 'E_SELECTOR',
  'selector/spaces': 'E_SELECTOR',
};

test.for(inputs)('$target/$name is read or refused in words', async ({ target: wanted, name }) => {
  const target = targets.find((each) => each.name === wanted);
  if (target === undefined) throw new Error(`fixtures/fuzz/${wanted} belongs to no target`);
  const bytes = readFileSync(new URL(`${wanted}/${name}`, corpus));
  const expected = answers[`${wanted}/${name}`];
  const answer = await judgeInput(target, Uint8Array.from(bytes));
  if (expected !== undefined) expect(answer).toBe(expected);
  else expect(answer).toMatch(/^read$|^E_/);
});

test('every answer that is expected belongs to an input', () => {
  const names = inputs.map(({ target, name }) => `${target}/${name}`);
  expect(Object.keys(answers).filter((name) => !names.includes(name))).toEqual([]);
});
