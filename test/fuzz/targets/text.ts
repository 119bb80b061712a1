import { formatDuration, parseDuration } from '../../../src/base/duration.ts';
import { WalqError } from '../../../src/base/errors.ts';
import { escapeText, excerpt } from '../../../src/base/escape.ts';
import { compactJson, jsonKind, jsonMembers } from '../../../src/base/json.ts';
import { JsonPieces } from '../../../src/base/json-stream.ts';
import { parseBytes } from '../../../src/base/size.ts';
import { formatSelector, parseRange, parseSelector, type Selector, tryRange } from '../../../src/commands/selector.ts';
import { checkRule, slotAfter, slotBefore } from '../../../src/queue/state/slots.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { bytesOfText, hostileWords, jsonWords, must, type Target, textOf } from '../target.ts';

/** Small grammars: of the command line, and JSON itself. */

const nowMs = Date.UTC(2026, 8, 1, 3, 0, 0);
const of =
  (...texts: string[]) =>
  (random: Prng) =>
    bytesOfText(random.pick(texts));

function finite(selector: Selector): void {
  const value =
    'seq' in selector ? selector.seq : 'back' in selector ? selector.back : 'ms' in selector ? selector.ms : 0;
  must(Number.isSafeInteger(value), `a selector of ${value}`);
}

const selectorTarget: Target = {
  name: 'selector',
  sample: of(
    '123',
    '@-10',
    '-3',
    '@tail',
    '@snap',
    '2026-09-01T03:00Z',
    '2026-09-01 03:00:07.5',
    '5m ago',
    '1..@tail',
    '..7',
  ),
  words: ['..', '@', '-', ' ago', ' ', 'm', 'h', 'T', 'Z', '+01:00', '0000-01-01', '9999-12-31', ...hostileWords],
  parse(bytes) {
    const text = textOf(bytes);
    const range = parseRange(text);
    for (const each of [range.from, range.to]) if (each) finite(each);
    if (text.includes('..')) return { range, tried: tryRange(text) };
    const selector = parseSelector(text);
    const again = parseSelector(formatSelector(selector));
    must(JSON.stringify(again) === JSON.stringify(selector), `${formatSelector(selector)} does not come back`);
    return { range, selector };
  },
};

const durationTarget: Target = {
  name: 'duration',
  sample: of('250ms', '1.5s', '30s', '5m', '1h30m', '7d', '0', '2w3d4h5m6.789s', '36525d'),
  words: ['w', 'd', 'h', 'm', 's', 'ms', '.', '0', '-', ' ', '1e9', ...hostileWords],
  parse(bytes) {
    const ms = parseDuration(textOf(bytes));
    must(Number.isSafeInteger(ms) && ms >= 0 && ms <= 36_525 * 86_400_000, `a duration of ${ms} ms`);
    must(parseDuration(formatDuration(ms)) === ms, `${formatDuration(ms)} does not come back`);
    return ms;
  },
};

const sizeTarget: Target = {
  name: 'size',
  sample: of('512', '10k', '64MiB', '1.5GiB', '10kB', '0', '3 TB'),
  words: ['k', 'M', 'iB', 'B', '.', ' ', '-', 'e9', ...hostileWords],
  parse(bytes) {
    const size = parseBytes(textOf(bytes));
    must(Number.isSafeInteger(size) && size >= 0, `a size of ${size}`);
    must(parseBytes(String(size)) === size, `${size} does not come back`);
    return size;
  },
};

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Nowhere/Land', ''];

const cronTarget: Target = {
  name: 'cron',
  sample: (random) => {
    const rules = [
      '0 3 * * *',
      '*/5 * * * *',
      '0 0 1 1 *',
      '30 4 1,15 * 5',
      '0 0 30 2 *',
      '@daily',
      '0 0 L * *',
      '1-5/2 0 3 * * 1#2',
    ];
    return bytesOfText(`${random.pick(rules)}|${random.pick(zones)}|${1000 + random.below(99)}`);
  },
  words: ['*', '/', '-', ',', '?', 'L', 'W', '#', ' ', '@yearly', 'MON', 'JAN', '|', 'UTC', ...hostileWords],
  parse(bytes) {
    const [cron = '', zone = '', every = ''] = textOf(bytes).split('|');
    const rules = [{ kind: 'cron', cron, zone } as const, { kind: 'every', everyMs: Number(every) } as const];
    return rules.map((rule) => {
      try {
        checkRule(rule, nowMs);
      } catch (error) {
        if (error instanceof WalqError) return error.code;
        throw error;
      }
      const schedule = { id: 's', rule, at: nowMs, missed: 'one', template: {}, expiresAfterMs: 0 } as const;
      const next = slotAfter(schedule as never, nowMs);
      must(next !== undefined && next > nowMs, `the next slot is ${next}`);
      const before = slotBefore(schedule as never, next);
      must(before === next, `the slot at ${next} is not found again: ${before}`);
      return next;
    });
  },
};

const jsonTarget: Target = {
  name: 'json',
  sample: of(
    '{"a":[1,2.5e3,"x\\u00e9\\n",null,true,{}]}',
    '[[[[]]]]',
    ' { "k" : "v" } ',
    '"\\ud83e\\udda6"',
    '-0.0e-1',
    '[]',
  ),
  words: jsonWords,
  parse(bytes) {
    const text = textOf(bytes);
    const strict = accepted(() => JSON.parse(text));
    let compact: string | undefined;
    try {
      compact = compactJson(text);
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      const lone = /[\ud800-\udfff]/u.test(text);
      must(!strict || error.code !== 'E_JSON' || lone, `refused, although it is JSON: ${error.message}`);
      piecesOf(bytes);
      return error.code;
    }
    must(strict, 'taken for JSON, although it is none');
    must(JSON.stringify(JSON.parse(compact)) === JSON.stringify(JSON.parse(text)), 'another value came of it');
    must(compactJson(compact) === compact, 'compacting twice is not compacting once');
    const pieces = piecesOf(bytes);
    const plain = Buffer.from(bytes).toString() === text && !text.includes('\ufffd');
    must(!plain || pieces === compact, 'the stream made something else of it');
    return jsonKind(compact) === 'object' ? jsonMembers(compact).length : compact;
  },
};

function accepted(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** The one piece that a stream of single bytes is, or the code of the refusal. */
function piecesOf(bytes: Uint8Array): string {
  const read = (step: number): string => {
    try {
      const pieces = new JsonPieces({ open: () => false, bytesMax: 1024 * 1024 });
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        for (const piece of pieces.push(bytes.subarray(at, at + step))) found.push(piece.text);
      }
      for (const piece of pieces.end()) found.push(piece.text);
      return found.join('\n');
    } catch (error) {
      if (error instanceof WalqError) return error.code;
      throw error;
    }
  };
  const whole = read(bytes.length + 1);
  must(whole === read(3), 'a stream depends on how the bytes arrive');
  return whole;
}

const escapeTarget: Target = {
  name: 'escape',
  sample: of('plain text', 'caf\u00e9 \u{1f9a6}', '\u001b[31mred\u001b[0m', 'a\nb'),
  words: hostileWords,
  parse(bytes) {
    const text = textOf(bytes);
    const escaped = escapeText(text);
    must(!/[\p{Cc}\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u.test(escaped), 'a control character is left');
    must(escapeText(escaped) === escaped, 'escaping twice is not escaping once');
    must([...excerpt(text)].length <= 41, 'an excerpt is too long');
    return escaped;
  },
};

export const textTargets: readonly Target[] = [
  selectorTarget,
  durationTarget,
  sizeTarget,
  cronTarget,
  jsonTarget,
  escapeTarget,
];
