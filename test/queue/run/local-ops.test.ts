import { expect, test } from 'vitest';
import { carryOut } from '../../../src/queue/run/local-ops.ts';
import type { QueueOps } from '../../../src/queue/run/queue-ops.ts';

/** What a runner does with requests that come from outside. */

const untouched = new Proxy({} as QueueOps, {
  get: (_, name) => () => {
    throw new Error(`${String(name)} was called`);
  },
});

test.each([
  ['no list', {}],
  ['an empty list', { jobs: [] }],
  ['a job that is no object', { jobs: [null] }],
  ['a field of a wrong type', { jobs: [{ id: 5 }] }],
  ['a payload that is not text', { jobs: [{ payload: {} }] }],
  ['an unknown field', { jobs: [JSON.parse('{"__proto__":{"id":"a"}}')] }],
  ['more jobs than one frame and one answer should hold', { jobs: Array.from({ length: 5001 }, () => ({})) }],
])('enqueue with %s is refused before anything is done', async (_, body) => {
  const asked = carryOut(untouched, { id: 1, op: 'enqueue', body }, new AbortController().signal);
  await expect(asked).rejects.toMatchObject({ code: 'E_CONTROL_BODY', exit: 2 });
});
