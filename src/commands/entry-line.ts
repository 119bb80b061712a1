import { unreachable, WalqError } from '../base/errors.ts';
import { type Packed, pack, packedBytes } from '../queue/events/packed.ts';
import { type Job, type JobState, jobStates, type Setback, type Special } from '../queue/state/job.ts';
import { decodeEntry, type Entry, encodeJob, encodeTotals } from '../queue/state/job-codec.ts';
import { encodeSetting } from '../queue/state/setting-codec.ts';
import { noTotals } from '../queue/state/totals.ts';
import { entryMembers } from './entry-members.ts';
import { endOf, limitsOf, ownerOf, scheduleOf, slotOf, templateOf } from './event-line.ts';
import { isPlainJson, LineMembers, lineFault, membersText, refuseOtherSpelling } from './line-members.ts';

/**
 * One entry of a snapshot as a line of the base of an export, and back, without loss: its members, or the bytes as
 * base64 where these would not give the same again.
 */
export function entryLine(entry: Uint8Array): string {
  const decoded = plainEntry(entry);
  if (decoded === undefined) return `{"base":"raw","raw":"${Buffer.from(entry).toString('base64')}"}`;
  return `{${membersText(entryMembers(decoded))}}`;
}

/** Throws LineFault for everything that `entryLine` does not write. */
export function parseEntryLine(text: string): Uint8Array {
  const members = new LineMembers(text);
  const entry = members.bytes('raw') ?? encoded(members);
  refuseOtherSpelling(text, entryLine(entry));
  return entry;
}

function plainEntry(bytes: Uint8Array): Entry | undefined {
  try {
    const entry = decodeEntry(bytes);
    return Buffer.compare(encode(entry), bytes) === 0 && jsonIn(entry).every(isPlainJson) ? entry : undefined;
  } catch (error) {
    if (error instanceof WalqError) return undefined;
    throw error;
  }
}

function encode(entry: Entry): Uint8Array {
  if (entry.kind === 'facts') return encodeTotals(entry.totals);
  return entry.kind === 'job' ? encodeJob(entry.job) : encodeSetting(entry.entry);
}

function jsonIn(entry: Entry): (Uint8Array | undefined)[] {
  const bytes = (packed: Packed | undefined): Uint8Array | undefined =>
    packed === undefined ? undefined : packedBytes(packed);
  if (entry.kind === 'job') {
    const { job } = entry;
    return [bytes(job.payload), job.state === 'completed' ? bytes(job.result) : undefined];
  }
  if (entry.kind === 'setting' && entry.entry.kind === 'schedule')
    return [bytes(entry.entry.schedule.template.payload)];
  return [];
}

function encoded(m: LineMembers): Uint8Array {
  try {
    return encode(entryOf(m));
  } catch (error) {
    throw lineFault(error);
  }
}

/** The inverse of `entryMembers`. */
function entryOf(m: LineMembers): Entry {
  const base = m.needed(m.text('base'), 'base');
  switch (base) {
    case 'facts': {
      const totals = noTotals();
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] = m.int(name) ?? 0;
      return { kind: 'facts', totals };
    }
    case 'limits':
      return { kind: 'setting', entry: { kind: 'limits', limits: limitsOf(m) } };
    case 'pause': {
      const at = m.needed(m.int('timeMs'), 'timeMs');
      const pause = { name: m.text('name'), group: m.text('group'), at, reason: m.text('reason') };
      return { kind: 'setting', entry: { kind: 'pause', pause } };
    }
    case 'schedule': {
      const { template, ...rule } = scheduleOf(m);
      const schedule = {
        id: m.text('schedule') ?? '',
        at: m.needed(m.int('timeMs'), 'timeMs'),
        ...rule,
        template: { ...template, payload: packed(template.payload) },
        lastSlot: m.int('lastSlot'),
      };
      return { kind: 'setting', entry: { kind: 'schedule', schedule } };
    }
    case 'job':
      return { kind: 'job', job: jobOf(m) };
    default:
      throw m.fault('base', `'${base}' is no kind of entry, and there is no "raw"`);
  }
}

function jobOf(m: LineMembers): Job {
  const text = m.text('state');
  const state: JobState | undefined = jobStates.find((each) => each === text);
  if (state === undefined) throw m.fault('state', `is none of ${jobStates.join(', ')}`);
  const { payload, ...options } = templateOf(m);
  const createdAt = m.needed(m.int('timeMs'), 'timeMs');
  const base = {
    id: m.text('job') ?? '',
    seq: m.needed(m.int('seq'), 'seq'),
    options: { ...options, command: options.command },
    payload: packed(payload),
    createdAt,
    from: m.text('from'),
    attempt: m.int('attempt') ?? 0,
    crashes: m.int('crashes') ?? 0,
    setback: setbackOf(m),
    special: specialOf(m),
  };
  const end = (): { endSeq: number; endedAt: number } => ({
    endSeq: m.needed(m.int('endSeq'), 'endSeq'),
    endedAt: m.needed(m.int('endedMs'), 'endedMs'),
  });
  switch (state) {
    case 'pending':
      return { ...base, state, runAt: m.int('runAt') ?? createdAt, timedOut: m.flag('timedOut') };
    case 'in_flight':
      return {
        ...base,
        state,
        dispatchSeq: m.needed(m.int('dispatchSeq'), 'dispatchSeq'),
        startedAt: m.needed(m.int('startedMs'), 'startedMs'),
        owner: ownerOf(m),
        deadlineMs: m.int('deadlineMs'),
        cancelledAt: m.int('cancelledMs'),
      };
    case 'completed':
      return {
        ...base,
        state,
        ...end(),
        startedAt: m.int('startedMs'),
        durationMs: m.int('durationMs'),
        result: packed(m.json('result')),
      };
    case 'dead':
      return { ...base, state, ...end(), ...endOf(m) };
    default:
      return unreachable(state);
  }
}

function setbackOf(m: LineMembers): Setback | undefined {
  const at = m.int('setbackMs');
  if (at === undefined) return undefined;
  return {
    at,
    reason: m.needed(m.text('setbackReason'), 'setbackReason'),
    error: m.text('setbackError'),
    exitCode: m.int('setbackExitCode'),
    signal: m.text('setbackSignal'),
  };
}

function specialOf(m: LineMembers): Special | undefined {
  const special = {
    key: m.text('key'),
    keyUntil: m.int('keyUntil'),
    parents: m.texts('parents'),
    waitingFor: m.texts('waitingFor'),
    expiresAt: m.int('expiresAt'),
    slot: slotOf(m),
  };
  return Object.values(special).every((part) => part === undefined) ? undefined : special;
}

function packed(bytes: Uint8Array | undefined): Packed | undefined {
  return bytes === undefined ? undefined : pack(bytes);
}
