import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputOf, recipeArbitrary } from './mutate.ts';
import { judgeInput } from './oracle.ts';
import { targets } from './targets/index.ts';

/** A short look at every parser, the same each time. `npm run fuzz` looks longer, from another seed. */

const numRuns = 400;

test.for([...targets])('$name: no changed input makes the parser throw anything but a WalqError', async (target) => {
  const outcomes = new Set<string>();
  const property = fc.asyncProperty(recipeArbitrary, async (recipe) => {
    outcomes.add(await judgeInput(target, inputOf(target, recipe)));
  });
  await fc.assert(property, { numRuns, seed: 20260901 });
  // Both sides of the grammar were seen: what is valid, and what is not.
  expect(outcomes).toContain('read');
});

test.for([...targets])('$name: the samples that inputs are made of are valid', async (target) => {
  for (let sample = 0; sample < 20; sample++) {
    expect(await judgeInput(target, inputOf(target, { sample, mutations: [], mend: false }))).toBe('read');
  }
});
