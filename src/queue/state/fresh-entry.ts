import { varintBytesMax, varintLength, writeVarint } from '../../base/varint.ts';
import { enqueueDefaults } from '../events/event-types.ts';
import type { EntrySource } from './entry-source.ts';
import { FreshJob } from './fresh-job.ts';
import type { JobOptions } from './job.ts';
import { encodeJob } from './job-codec.ts';
import { entryForm, payloadTag } from './plain-form.ts';

/** What the entries of jobs with the same options have in common. */
export interface EntryParts {
  readonly name: Uint8Array;
  readonly numbers: Uint8Array;
  readonly group: Uint8Array;
}

const nobody = new FreshJob('i', 1, { ...enqueueDefaults, command: undefined }, undefined, 0);
const noParts: EntryParts = { name: new Uint8Array(), numbers: new Uint8Array(), group: new Uint8Array() };
/** Type, id and time of an entry as `partsOf` has it, and its seq. */
const headBytes = 4;
const seqBytes = 2;

/**
 * The entry of a fresh job without a command, whose id is ASCII and of at most 127 characters: the bytes that
 * `encodeJob` makes, without a look at each field.
 */
export class FreshEntry implements EntrySource {
  #job = nobody;
  #parts = noParts;

  of(job: FreshJob, parts: EntryParts): this {
    this.#job = job;
    this.#parts = parts;
    return this;
  }

  get entryBytesMax(): number {
    const { name, numbers, group } = this.#parts;
    const own = this.#job.id.length + (this.#job.payload?.length ?? 0);
    return own + name.length + numbers.length + group.length + 4 + 3 * varintBytesMax;
  }

  writeEntry(target: Buffer, from: number): number {
    const { id, seq, payload, createdAt } = this.#job;
    let at = from;
    target[at++] = entryForm.type;
    target[at++] = id.length;
    for (let n = 0; n < id.length; n++) target[at++] = id.charCodeAt(n);
    at = copy(this.#parts.name, target, writeVarint(target, at, createdAt));
    if (payload !== undefined) {
      target[at++] = payloadTag;
      at = writeVarint(target, at, payload.length);
      if (typeof payload === 'string') at += target.write(payload, at, 'latin1');
      else at = copy(payload, target, at);
    }
    at = copy(this.#parts.numbers, target, at);
    target[at++] = entryForm.seqTag;
    return copy(this.#parts.group, target, writeVarint(target, at, seq));
  }
}

function copy(bytes: Uint8Array, target: Buffer, from: number): number {
  for (let n = 0; n < bytes.length; n++) target[from + n] = bytes[n] ?? 0;
  return from + bytes.length;
}

export function partsOf(options: JobOptions): EntryParts {
  const entry = encodeJob(new FreshJob('i', 1, options, undefined, 0));
  const nameEnd = headBytes + textBytes(options.name, enqueueDefaults.name);
  const groupAt = entry.length - textBytes(options.group, enqueueDefaults.group);
  return {
    name: entry.slice(headBytes, nameEnd),
    numbers: entry.slice(nameEnd, groupAt - seqBytes),
    group: entry.slice(groupAt),
  };
}

/** Of a field; none where it has its default. */
function textBytes(text: string, fallback: string): number {
  const length = Buffer.byteLength(text);
  return text === fallback ? 0 : 1 + varintLength(length) + length;
}
