import { createHash } from 'node:crypto';
import { WalqError } from '../../../src/base/errors.ts';
import { entryLine, parseEntryLine } from '../../../src/commands/entry-line.ts';
import { eventLine, parseEventLine } from '../../../src/commands/event-line.ts';
import { type ExportItem, readExport } from '../../../src/commands/export-read.ts';
import { ExportText } from '../../../src/commands/export-text.ts';
import { LineFault } from '../../../src/commands/line-members.ts';
import { enqueueDefaults, type QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { hashEntries } from '../../../src/storage/snapshot/hash.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { sourceOf } from '../../support/source.ts';
import { bytesOfText, jsonWords, must, type Target, textOf } from '../target.ts';

/** The text of a log: whatever is taken from it is spelled as an export spells it. */

const at = 1_764_000_000_000;
const members = [
  'seq',
  'type',
  'job',
  'timeMs',
  'commit',
  'raw',
  'payload',
  'runAt',
  'reason',
  'first',
  'baseSeq',
  'end',
];
const words = [
  ...members.map((name) => `"${name}":`),
  '"ENQUEUE"',
  '"LOST"',
  '"TYPE_99"',
  '"raw":"YwFhBQ=="',
  '\n',
  ...jsonWords,
];

function eventsOf(random: Prng): QueueEvent[] {
  const id = random.pick(['a', 'b\u2028', 'ünï']);
  const enqueue: QueueEvent = {
    type: 'ENQUEUE',
    id,
    at,
    ...enqueueDefaults,
    runAt: at,
    payload: Buffer.from('[1e400]'),
  };
  const dispatch: QueueEvent = { type: 'DISPATCH', id, at, attempt: 1, owner: { kind: 'runner', epoch: 5 } };
  const ack: QueueEvent = { type: 'ACK', id, at, durationMs: 2, result: Buffer.from('{"a":{}}') };
  const pause: QueueEvent = { type: 'PAUSE', id: '', at, name: 'x' };
  return random.pick([[enqueue], [enqueue, dispatch, ack], [pause, enqueue, dispatch]]);
}

function textFor(random: Prng): string {
  let text = '';
  const sink = new ExportText((line) => {
    text += `${line}\n`;
    return undefined;
  });
  const machine = new QueueMachine();
  const events = eventsOf(random).map((event) => Uint8Array.from(encodeEvent(event)));
  const store = '0123456789abcdef'.repeat(2);
  const isPart = random.chance(0.5);
  const seqFirst = isPart ? events.length + 1 : 1;
  for (const [index, event] of events.entries()) machine.apply(event, index + 1);
  const stateHash = hashEntries(machine.cut());
  const entries = [...machine.cut()];
  const base = { seq: events.length, entries: entries.length, stateHash };
  void sink.header({ store, seqFirst, ...(isPart ? { base } : {}) });
  if (isPart) for (const entry of entries) void sink.entry(entry);
  else
    for (const [index, event] of events.entries()) void sink.record(index + 1, event, index === 0 ? events.length : 1);
  const lost = random.chance(0.3) ? 2 : 0;
  const seqLast = events.length + lost;
  if (lost > 0) void sink.lost({ seqFirst: events.length + 1, seqLast, timeMs: at });
  void sink.end({ events: isPart ? 0 : events.length, lost, seqLast, stateHash });
  return text;
}

/** Sum and number of lines as they would be of this text. */
function mend(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const from = text.lastIndexOf('{"end":');
  if (from < 0) return bytes;
  const head = Buffer.from(text.slice(0, from), 'latin1');
  const sha256 = createHash('sha256').update(head).digest('hex');
  const lines = head.toString('latin1').split('\n').length - 1;
  const last = text.slice(from).replace(/"lines":\d+/, `"lines":${lines}`);
  return Buffer.concat([head, Buffer.from(last.replace(/"sha256":"\w*"/, `"sha256":"${sha256}"`), 'latin1')]);
}

/** All items, and the error that ended them, in words. */
async function read(
  bytes: Uint8Array,
  step: number | undefined,
): Promise<{ items: ExportItem[]; fault: WalqError | undefined }> {
  const items: ExportItem[] = [];
  try {
    for await (const some of readExport(sourceOf(bytes, { step }), 'x')) items.push(...some);
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    return { items, fault: error };
  }
  return { items, fault: undefined };
}

function spelled(items: readonly ExportItem[]): string {
  let text = '';
  const sink = new ExportText((line) => {
    text += `${line}\n`;
    return undefined;
  });
  for (const item of items) {
    if (item.kind === 'header') void sink.header(item.header);
    if (item.kind === 'entry') void sink.entry(item.entry);
    if (item.kind === 'record') void sink.record(item.seq, item.record, item.commit || 1);
    if (item.kind === 'lost') void sink.lost(item);
    if (item.kind === 'end') void sink.end(item.trailer);
  }
  return text;
}

const whole: Target = {
  name: 'export',
  sample: (random) => bytesOfText(textFor(random)),
  words,
  mend,
  async parse(bytes) {
    const { items, fault } = await read(bytes, undefined);
    const again = await read(bytes, 61);
    must(
      JSON.stringify([items, fault?.message]) === JSON.stringify([again.items, again.fault?.message]),
      'what is read depends on the size of the reads',
    );
    const text = spelled(items);
    must(
      Buffer.from(bytes).subarray(0, Buffer.byteLength(text)).equals(Buffer.from(text)),
      'a line was taken that an export does not write',
    );
    if (fault !== undefined) throw fault;
    must(Buffer.byteLength(text) === bytes.length, 'more was read than is there');
    return items;
  },
};

function line(name: string, sample: (random: Prng) => string, parse: (text: string) => string): Target {
  return {
    name,
    words,
    sample: (random) => bytesOfText(sample(random)),
    parse(bytes) {
      const text = textOf(bytes);
      try {
        const again = parse(text);
        must(again === text, 'a line has two spellings');
        return again;
      } catch (error) {
        if (error instanceof LineFault) throw new WalqError(3, 'E_EXPORT_LINE', `column ${error.at}: ${error.message}`);
        throw error;
      }
    },
  };
}

const eventTarget = line(
  'export-event',
  (random) => eventLine(random.below(99) + 1, encodeEvent(eventsOf(random)[0] as QueueEvent)),
  (text) => {
    const { seq, record, commit } = parseEventLine(text);
    return eventLine(seq, record, commit);
  },
);

const entryTarget = line(
  'export-entry',
  (random) =>
    textFor(random)
      .split('\n')
      .find((text) => text.startsWith('{"base"')) ?? '{"base":"facts","enqueued":1}',
  (text) => entryLine(parseEntryLine(text)),
);

export const exportTargets: readonly Target[] = [whole, eventTarget, entryTarget];
