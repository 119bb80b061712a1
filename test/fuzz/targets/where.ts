import { WalqError } from '../../../src/base/errors.ts';
import { placeText } from '../../../src/cli/expression-place.ts';
import { rowOfRecord } from '../../../src/commands/event-row.ts';
import { compileWhere } from '../../../src/commands/where/compile.ts';
import { EventView, eventFields } from '../../../src/commands/where/event-fields.ts';
import { compilePattern } from '../../../src/commands/where/pattern.ts';
import { PatternFault } from '../../../src/commands/where/pattern-parse.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { at, enqueue, retry } from '../../queue/support/machines.ts';
import { bytesOfText, hostileWords, jsonWords, must, type Target, textOf } from '../target.ts';

/** Expressions, and the patterns in them. */

const events = [
  enqueue('job_1', { name: 'mail', payload: Buffer.from('{"to":"ada","n":9007199254740993,"tags":["a",{"b":null}]}') }),
  enqueue('job_2', { parents: ['job_1'], payload: Buffer.from('not json {') }),
  retry('job_1', { exitCode: 75, error: 'time out\nafter 5s' }),
].map((event) => rowOfRecord({ seq: 5, bytes: encodeEvent(event), file: 'f', offset: 9, afterHole: false }));

const plain = { bad: (text: string) => text, dim: (text: string) => text };

const samples = [
  'type = DEAD and exit != 1',
  'payload.to = ada or payload.tags.1."b" = null',
  'not (name in (mail, "sms") || attempt >= 2)',
  'error ~ "time.?out|refused" and time > 5m ago',
  'duration > 1h30m && bytes <= 4KiB',
  "parents contains job_1 and not payload starts '{'",
  'exists(payload.n) and payload.n > 9007199254740992',
  'after_hole or ! refund',
];
const words = [
  ...['and', 'or', 'not', 'in', 'exists', 'contains', 'starts', '(', ')', '!', '&&', '||', '=', '!=', '<=', '~', '!~'],
  ...['payload', 'payload.', 'payload.a.0', 'type', 'DEAD', 'seq', 'time', 'error', 'parents', 'bytes', 'duration'],
  ...['5m', '4KiB', '5m ago', '2026-09-01', 'null', 'true', '"', "'", '\\"', '\u201c', '\u00a0'],
];

const whereTarget: Target = {
  name: 'where',
  sample: (random) => bytesOfText(random.pick(samples)),
  words: [...words, ...jsonWords, ...hostileWords],
  parse(bytes) {
    const text = textOf(bytes);
    try {
      const where = compileWhere(eventFields, { flag: '--where', text }, at);
      const views = events.map((row) => new EventView(row));
      for (const view of views) must(where.look(view).length > 0, 'an expression that looks at nothing');
      return views.map((view) => where.holds(view));
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      const { at: from, end } = error.data;
      must(error.code === 'E_WHERE' && error.exit === 2, `refused with ${error.code}`);
      must(typeof from === 'number' && typeof end === 'number', 'no place');
      must(from >= 0 && from < end && end <= text.length + 1, `the place ${from}..${end} of ${text.length}`);
      const shown = placeText(error, plain, 80);
      must(!/[^\P{Cc}\n]/u.test(shown), 'a control character is shown');
      throw error;
    }
  },
};

const patterns = [
  '^a+(b|c)*?$',
  '(?i)time.?out',
  '[^\\s,-z]{2,5}\\b',
  '\\u{1f9a6}|\\x41',
  '((a?){3}b){1,}',
  '\\d+\\.\\d+',
];
const patternWords = [
  '(',
  '(?:',
  ')',
  '|',
  '[',
  '[^',
  ']',
  '-',
  '*',
  '+?',
  '{2,}',
  '{1000}',
  '\\b',
  '\\D',
  '\\u{',
  '^',
  '$',
  '.',
];

const patternTarget: Target = {
  name: 'pattern',
  sample: (random) => bytesOfText(random.pick(patterns)),
  words: [...patternWords, ...hostileWords],
  parse(bytes) {
    const text = textOf(bytes);
    try {
      const pattern = compilePattern(text);
      // Of what it is most at home in: its own text, and long rows of one letter.
      return [text, 'a'.repeat(2000), `${'ab'.repeat(1000)}!`, ''].map((searched) => pattern.matches(searched));
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      must(error.at >= 0 && error.at <= text.length, `the place ${error.at} of ${text.length}`);
      throw new WalqError(2, 'E_WHERE', error.message);
    }
  },
};

export const whereTargets: readonly Target[] = [whereTarget, patternTarget];
