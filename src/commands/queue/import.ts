import { jsonKind, jsonMembers, jsonString } from '../../base/json.ts';
import { type JobState, jobStates } from '../../queue/job.ts';
import { parseJobMembers } from '../../queue/parse-spec.ts';
import { fieldError, type JobSpec } from '../../queue/spec.ts';
import type { CommandContext } from '../context.ts';
import { storeToCreate } from '../store-target.ts';
import type { WriterOptions } from '../writer.ts';
import {
  badRecord,
  bytesOf,
  type EnqueueListener,
  type EnqueueResult,
  emptyResult,
  nameForPeople,
  sendAll,
} from './enqueue.ts';
import { readJobs } from './job-input.ts';

export interface ImportRequest extends WriterOptions {
  /** '-' is standard input. */
  file: string;
  /** Finished jobs too: they run again. */
  all: boolean;
  allowCommands: boolean;
  onError: 'stop' | 'skip';
}

export interface ImportResult extends EnqueueResult {
  /** Finished jobs that were left out. */
  completed: number;
  dead: number;
}

/**
 * Puts the jobs of an export into the queue, with their ids and options. Those that were at work wait again; finished
 * ones are left out unless `all`. What is there already is a duplicate. Throws as `enqueue` does.
 */
export async function importJobs(
  context: CommandContext,
  request: ImportRequest,
  listener: EnqueueListener,
): Promise<ImportResult> {
  const { all, allowCommands, onError, file, lockTimeoutMs, pid } = request;
  const result: ImportResult = { ...emptyResult(await storeToCreate(context)), completed: 0, dead: 0 };
  const bad = badRecord(onError, result, listener);
  const done = new Set<string>();
  const parse = (text: string): JobSpec | undefined => {
    const { spec, state } = parseExported(text, context.env.clock.now(), allowCommands);
    if (!all && (state === 'completed' || state === 'dead')) {
      result[state]++;
      if (state === 'completed' && spec.id !== undefined) done.add(spec.id);
      return undefined;
    }
    // Parents come first in an export; nobody has to wait for those that are done.
    const after = spec.after?.filter((id) => !done.has(id));
    return after === undefined ? spec : { ...spec, after };
  };
  const jobs = readJobs(bytesOf(context, file), { file: nameForPeople(file), parse, bad, byLine: true });
  await sendAll(context, jobs, { lockTimeoutMs, pid, command: 'walq queue import' }, result, listener, { bad });
  return result;
}

/**
 * A job of an export is one that `enqueue` takes, and `was`: what it has been through. Of that the state counts, and
 * what time has left of its expiry and its key; the rest is history and stays with the old queue.
 */
function parseExported(text: string, now: number, allowCommands: boolean): { spec: JobSpec; state: JobState } {
  if (jsonKind(text) !== 'object') throw fieldError('a job', 'must be a JSON object');
  const members = jsonMembers(text);
  const was = members.find(({ key }) => key === 'was')?.value;
  if (was === undefined || jsonKind(was) !== 'object') {
    throw fieldError('was', 'is missing: this is no line of queue export; queue enqueue -f takes other jobs');
  }
  const past = new Map(jsonMembers(was).map(({ key, value }) => [key, value]));
  const spec = parseJobMembers(
    members.filter(({ key }) => key !== 'was'),
    { allowCommands },
  );
  if (spec.id === undefined) throw fieldError('id', 'is missing: this is no line of queue export');
  const state = stateIn(past.get('state'));
  // A job that was begun does not expire any more.
  const expiresAt = state === 'pending' ? timeIn(past.get('expires_ms')) : undefined;
  const keyUntil = spec.key === undefined ? undefined : timeIn(past.get('key_until_ms'));
  return {
    spec: {
      ...spec,
      // Gone by meanwhile: dead as soon as somebody looks.
      ...(expiresAt !== undefined && { expireMs: Math.max(1, expiresAt - now) }),
      ...(keyUntil !== undefined && keyUntil > now && { keyTtlMs: keyUntil - now }),
    },
    state,
  };
}

function stateIn(value: string | undefined): JobState {
  const text = value !== undefined && jsonKind(value) === 'string' ? jsonString(value) : undefined;
  const state = jobStates.find((each) => each === text);
  if (state === undefined) throw fieldError('was.state', `must be one of ${jobStates.join(', ')}`);
  return state;
}

function timeIn(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = jsonKind(value) === 'number' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(ms) ? ms : undefined;
}
