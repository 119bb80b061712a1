import { expect, test } from 'vitest';
import { withoutMark } from '../../src/commands/queue/text-lines.ts';

const mark = Buffer.from('\ufeff');
const text = Buffer.from('{"n":1}');

async function read(bytes: Buffer, step: number): Promise<Buffer[]> {
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  };
  const found: Buffer[] = [];
  for await (const chunk of withoutMark(chunks())) found.push(Buffer.from(chunk));
  return found;
}

test.each([
  ['is left out at the beginning', Buffer.concat([mark, text]), text],
  ['alone leaves nothing', mark, Buffer.alloc(0)],
  ['is kept elsewhere', Buffer.concat([text, mark]), Buffer.concat([text, mark])],
  ['is kept when it comes twice', Buffer.concat([mark, mark]), mark],
  ['that is half stays as it is', mark.subarray(0, 2), mark.subarray(0, 2)],
  ['that is half, before text', Buffer.concat([mark.subarray(0, 1), text]), Buffer.concat([mark.subarray(0, 1), text])],
  ['is none in nothing', Buffer.alloc(0), Buffer.alloc(0)],
])('a byte order mark %s, however the chunks are cut', async (_case, bytes, expected) => {
  for (let step = 1; step <= bytes.length + 1; step++) {
    expect(Buffer.concat(await read(bytes, step))).toEqual(expected);
  }
});

test('what cannot be a mark any more is given on at once', async () => {
  expect(await read(text, 1)).toHaveLength(text.length);
});
