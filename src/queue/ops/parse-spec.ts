import { parseDuration } from '../../base/duration.ts';
import { usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import {
  compactJson,
  type JsonMember,
  jsonDepthMax,
  jsonElements,
  jsonKind,
  jsonMembers,
  jsonString,
} from '../../base/json.ts';
import { type JobSpec, jobError } from './spec.ts';

/** What an exported job has been through holds its result: two levels around a text that may have all that is allowed. */
export const jobDepthMax = jsonDepthMax + 2;

const keys = [
  'id',
  'name',
  'payload',
  'timeout_ms',
  'timeout',
  'delay',
  'at',
  'attempts',
  'priority',
  'backoff',
  'command',
  'group',
  'key',
  'key_mode',
  'key_ttl',
  'after',
  'expire',
];

/**
 * One job as JSON text: `{"id":"a","name":"mail","payload":{...},"timeout":"30s","attempts":5}`. The payload is passed
 * on as written. A key that is unknown or there twice is an error that names it: a typo must not silently lose an
 * option. Throws usageError E_JOB (field in `data.field`), E_JSON..., E_DURATION, E_COMMAND_FORBIDDEN.
 */
export function parseJobSpec(jsonText: string, options: { allowCommands?: boolean } = {}): JobSpec {
  if (jsonKind(jsonText) !== 'object') {
    // What is no JSON at all is told so.
    compactJson(jsonText, { bytesMax: Number.POSITIVE_INFINITY });
    throw usageError('E_JOB', 'a job must be a JSON object such as {"payload":{}}');
  }
  return parseJobMembers(jsonMembers(jsonText, jobDepthMax), options);
}

/** The same, of an object that was taken apart already. */
export function parseJobMembers(members: readonly JsonMember[], options: { allowCommands?: boolean } = {}): JobSpec {
  const spec: JobSpec = {};
  const seen = new Set<string>();
  for (const member of members) {
    if (seen.has(member.key)) throw jobError(excerpt(member.key), 'is there twice');
    seen.add(member.key);
    takeMember(spec, member, options.allowCommands === true);
  }
  if (seen.has('timeout') && seen.has('timeout_ms')) throw jobError('timeout', "and 'timeout_ms' exclude each other");
  return spec;
}

function takeMember(spec: JobSpec, { key, value }: JsonMember, allowCommands: boolean): void {
  switch (key) {
    case 'id':
    case 'name':
    case 'backoff':
    case 'group':
    case 'key':
      spec[key] = text(key, value);
      return;
    case 'payload':
      spec.payload = value;
      return;
    case 'timeout_ms':
      spec.timeoutMs = number(key, value);
      return;
    case 'timeout':
      spec.timeoutMs = parseDuration(text(key, value, "a duration such as '30s'"), key);
      return;
    case 'delay':
      spec.delayMs = parseDuration(text(key, value, "a duration such as '5m'"), key);
      return;
    case 'at':
      spec.runAt = jsonKind(value) === 'number' ? number(key, value) : instantOf(text(key, value));
      return;
    case 'attempts':
    case 'priority':
      spec[key] = number(key, value);
      return;
    case 'key_mode':
      spec.keyMode = keyMode(text(key, value));
      return;
    case 'key_ttl':
      spec.keyTtlMs = parseDuration(text(key, value, "a duration such as '1h'"), key);
      return;
    case 'expire':
      spec.expireMs = parseDuration(text(key, value, "a duration such as '10m'"), key);
      return;
    case 'after':
      spec.after = texts(key, value, 'a list of ids');
      return;
    case 'command':
      if (!allowCommands) {
        throw usageError('E_COMMAND_FORBIDDEN', 'command: jobs of this input must not bring their own command', {
          data: { field: 'command' },
          next: 'if you trust whoever wrote it, add --allow-commands',
        });
      }
      spec.command = texts(key, value, 'a list of texts: the program, then its arguments');
      return;
    // What an exported job has been through: nothing to do with the new one.
    case 'state':
    case 'was':
      return;
    default:
      throw usageError('E_JOB', `'${excerpt(key)}' is not a key of a job; allowed are ${keys.join(', ')}`, {
        data: { field: key },
        next: 'data of the job goes into its payload: {"payload":{...}}; walq help E_JOB',
      });
  }
}

function text(key: string, value: string, what = 'text'): string {
  if (jsonKind(value) !== 'string') throw jobError(key, `must be ${what}, not ${excerpt(value)}`);
  return jsonString(value);
}

function number(key: string, value: string): number {
  const parsed = jsonKind(value) === 'number' ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(parsed)) throw jobError(key, `must be a whole number, not ${excerpt(value)}`);
  return parsed;
}

function texts(key: string, value: string, what: string): string[] {
  if (jsonKind(value) !== 'array') throw jobError(key, `must be ${what}`);
  return jsonElements(value).map((element) => text(key, element, what));
}

function keyMode(value: string): 'skip' | 'replace' {
  if (value === 'skip' || value === 'replace') return value;
  throw jobError('key_mode', `must be 'skip' or 'replace', not '${excerpt(value)}'`);
}

/** ISO 8601 with a zone: a text that travels must not mean another time elsewhere. Throws usageError E_JOB. */
export function instantOf(value: string): number {
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
  const ms = form.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw jobError(
      'at',
      `must be a time with zone such as '2026-09-01T03:00:00Z', or milliseconds, not '${excerpt(value)}'`,
    );
  }
  return ms;
}
