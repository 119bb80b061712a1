import { expect, test } from 'vitest';
import { writeVarint } from '../../src/base/varint.ts';
import { eventLimits } from '../../src/queue/events/event-types.ts';
import type { JobOptions } from '../../src/queue/state/job.ts';
import { decodeEntry, encodeJob } from '../../src/queue/state/job-codec.ts';
import { entryForm } from '../../src/queue/state/plain-form.ts';
import { PlainJobs } from '../../src/queue/state/plain-jobs.ts';
import { fresh } from './support/fresh.ts';

const known = (plain: PlainJobs, entry: Buffer): JobOptions | undefined => plain.optionsOf(entry, 0, entry.length);

/** As whoever loads a snapshot does: first a look, then it is read. */
function teach(plain: PlainJobs, entry: Buffer): void {
  expect(known(plain, entry)).toBeUndefined();
  const read = decodeEntry(entry);
  if (read.kind === 'job') plain.learn(read.job);
  expect(known(plain, entry)).toBeDefined();
}

const some = { name: 'mail', group: 'g', priority: 1 };

test.each<[Partial<JobOptions>, Partial<JobOptions>[]]>([
  [some, [{ name: 'male' }, { name: 'mai' }, { name: 'mails' }, { group: 'h' }, { group: '' }, { priority: 2 }]],
  [{}, [{ name: 'mail' }, { group: 'g' }, { priority: 1 }, { maxAttempts: 1 }, { timeoutMs: 5 }, { backoff: 'none' }]],
])('a kind %j is known by its bytes, whatever its hash', (taught, others) => {
  // All kinds have one hash.
  const plain = new PlainJobs(entryForm, 0);
  const entryOf = (more: Partial<JobOptions>): Buffer => Buffer.from(encodeJob(fresh('i', 1, more, '1')));
  teach(plain, entryOf(taught));
  expect(known(plain, entryOf(taught))).toEqual(fresh('i', 1, taught).options);
  for (const other of others)
    expect(known(plain, entryOf({ ...taught, ...other })), JSON.stringify(other)).toBeUndefined();
});

test('a long id is not taken for a short one with other fields behind it', () => {
  const group = 'g'.repeat(43);
  const plain = new PlainJobs(entryForm);
  teach(plain, Buffer.from(encodeJob(fresh('i', 1, { group: `+${group}` }))));
  // Read one byte too early, the time is a tag, the seq too, and the length of the group a part of it.
  const entry = Buffer.from(encodeJob(fresh('x'.repeat(128), 44, { group }, undefined, 9)));
  expect(known(plain, entry)).toBeUndefined();
});

test('an entry with a field that nobody knows is read, and teaches nothing', () => {
  const plain = new PlainJobs(entryForm);
  const usual = Buffer.from(encodeJob(fresh('i', 1, some)));
  const odd = Buffer.concat([usual, Buffer.of(100, 1, 65)]);
  expect(known(plain, odd)).toBeUndefined();
  const read = decodeEntry(odd);
  if (read.kind === 'job') plain.learn(read.job);
  expect([known(plain, odd), known(plain, usual)]).toEqual([undefined, undefined]);
  teach(plain, usual);
  expect(known(plain, odd)).toBeUndefined();
});

const idAt = 2;
const timeAt = idAt + 'ij'.length;
const usual = Buffer.from(encodeJob(fresh('ij', 1, some, '"text"', 9)));

test.each<[string, Buffer]>([
  ['a NUL in its id', spliced(usual, idAt, 1, Buffer.of(0))],
  ['a NUL in its payload', spliced(usual, usual.indexOf('text'), 1, Buffer.of(0))],
  ['a time that is not in its shortest form', spliced(usual, timeAt, 1, Buffer.of(0x89, 0))],
  ['a payload over the limit', withPayload(eventLimits.payloadBytes + 1)],
])('an entry with %s is damage, of a kind that is known too', (_, entry) => {
  const plain = new PlainJobs(entryForm);
  teach(plain, usual);
  expect(known(plain, entry)).toBeUndefined();
  expect(() => decodeEntry(entry)).toThrow(expect.objectContaining({ code: 'E_RECORD' }));
});

test('the largest payload is known, where its kind is', () => {
  const plain = new PlainJobs(entryForm);
  teach(plain, usual);
  // Its tag and length count too.
  expect(known(plain, withPayload(eventLimits.payloadBytes - 5))).toBeDefined();
});

test('of more kinds than a queue has, as a rule, the rest is read', () => {
  const plain = new PlainJobs(entryForm);
  const entryOf = (kind: number): Buffer => Buffer.from(encodeJob(fresh('i', 1, { name: `name-${kind}` })));
  for (let kind = 0; kind < 8192; kind++) teach(plain, entryOf(kind));
  const odd = entryOf(8192);
  expect(known(plain, odd)).toBeUndefined();
  const read = decodeEntry(odd);
  if (read.kind === 'job') plain.learn(read.job);
  expect(known(plain, odd)).toBeUndefined();
  expect(known(plain, entryOf(0))).toBeDefined();
});

function spliced(bytes: Buffer, at: number, gone: number, come: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), come, bytes.subarray(at + gone)]);
}

function withPayload(length: number): Buffer {
  const text = Buffer.from('"text"');
  const at = usual.indexOf(text);
  const head = Buffer.alloc(8);
  const headBytes = writeVarint(head, 0, length);
  return spliced(
    usual,
    at - 1,
    1 + text.length,
    Buffer.concat([head.subarray(0, headBytes), Buffer.alloc(length, 'x')]),
  );
}
