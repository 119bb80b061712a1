import { expect, test } from 'vitest';
import { parseExported } from '../../src/commands/queue/import.ts';
import { type InputJob, readJobs } from '../../src/commands/queue/job-input.ts';
import { parseJobSpec } from '../../src/queue/ops/parse-spec.ts';

async function read(chunks: Iterable<string>): Promise<{ spec: unknown; place: string }[]> {
  const found: InputJob[] = [];
  const bytes = async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  };
  const parse = (text: string) => ({ payload: text });
  const bad = (error: Error): void => {
    throw error;
  };
  for await (const some of readJobs(bytes(), { file: 'x', parse, bad, byLine: false })) found.push(...some);
  return found;
}

test.each([
  ['lines', '\n {"n":1}\n{"n":2}\n', ['x: line 2', 'x: line 3']],
  ['values', '\n {"n":\n1}\n{"n":2}', ['x: job 1 (at byte 2)', 'x: job 2 (at byte 11)']],
  ['array', ' \n[{"n":1},\n{"n":2}]', ['x: job 1 (at byte 3)', 'x: job 2 (at byte 12)']],
])('jobs as %s behind white space are found wherever the chunks are cut', async (_form, text, places) => {
  for (let cut = 0; cut <= text.length; cut++) {
    const found = await read([text.slice(0, cut), text.slice(cut)]);
    expect(found.map(({ place }) => place)).toEqual(places);
  }
  expect((await read(text)).map(({ place }) => place)).toEqual(places);
});

test('white space without end is given up, not kept', async () => {
  const blank = ' '.repeat(64 * 1024);
  const forever = function* () {
    for (;;) yield blank;
  };
  await expect(read(forever())).rejects.toMatchObject({ code: 'E_JOB', exit: 2 });
});

test('the line of the largest job that an export can hold is taken', async () => {
  const line = JSON.stringify({
    payload: 'x'.repeat(16 * 1024 * 1024 - 2),
    was: { result: 'y'.repeat(4 * 1024 * 1024) },
  });
  expect(await read([`${line}\n`])).toHaveLength(1);
});

test.each([
  ['lines', (job: string) => `${job}\n`],
  ['values', (job: string) => `\n${job.replace('{', '{\n')}\n${job}`],
  ['array', (job: string) => `[${job}]`],
])('jobs as %s whose payload and result are as deep as allowed are taken', async (_form, write) => {
  const deep = '['.repeat(128) + ']'.repeat(128);
  const job = `{"payload":${deep},"was":{"result":${deep}}}`;
  for (const { spec } of await read([write(job)])) {
    const text = String((spec as { payload: unknown }).payload);
    expect(parseJobSpec(text)).toEqual({ payload: deep });
    expect(parseExported(text.replace('{', '{"id":"a","state":"completed",'), false).spec.payload).toBe(deep);
  }
});
