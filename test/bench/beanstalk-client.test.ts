import { expect, test } from 'vitest';
import { AnswerReader } from '../../bench/peers/beanstalk-client.js';

const said =
  'INSERTED 12\r\nRESERVED 12 8\r\na\r\nb\r\nOK\r\nTIMED_OUT\r\nRESERVED 3 0\r\n\r\nOK 5\r\n---\r\n\r\nDELETED\r\n';
const meant = [
  'INSERTED 12',
  'RESERVED 12 8: "a\\r\\nb\\r\\nOK"',
  'TIMED_OUT',
  'RESERVED 3 0: ""',
  'OK 5: "---\\r\\n"',
  'DELETED',
];

function read(...chunks: string[]): string[] {
  const reader = new AnswerReader();
  const answers = chunks.flatMap((chunk) => reader.push(Buffer.from(chunk)));
  return answers.map(({ words, body }) => words.join(' ') + (body ? `: ${JSON.stringify(body.toString())}` : ''));
}

test('answers are the same however the bytes of a beanstalkd are cut', () => {
  expect(read(said)).toEqual(meant);
  expect(read(...said)).toEqual(meant);
  for (let at = 1; at < said.length; at++) expect(read(said.slice(0, at), said.slice(at))).toEqual(meant);
});

test('an answer is not given before its last byte is there', () => {
  for (let at = 0; at < 'RESERVED 12 8\r\na\r\nb\r\nOK\r\n'.length; at++) {
    expect(read('RESERVED 12 8\r\na\r\nb\r\nOK\r\n'.slice(0, at))).toEqual([]);
  }
});
