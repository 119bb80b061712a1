import { jsonKind, jsonMembers, jsonString } from '../../base/json.ts';
import { jobDepthMax, parseJobMembers, parseJobSpec } from '../../queue/ops/parse-spec.ts';
import { type JobSpec, jobError } from '../../queue/ops/spec.ts';
import { type JobState, jobStates } from '../../queue/state/job.ts';
import type { CommandContext } from '../context.ts';
import { storeToCreate } from '../store-path.ts';
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
  const keys = new Set<string>();
  const parse = (text: string): JobSpec | undefined => {
    const { spec, state } = parseExported(text, allowCommands);
    if (!all && (state === 'completed' || state === 'dead')) {
      result[state]++;
      if (state === 'completed' && spec.id !== undefined) done.add(spec.id);
      return undefined;
    }
    // Parents come first in an export; nobody has to wait for those that are done.
    const after = spec.after?.filter((id) => !done.has(id));
    return withFreeKey(after === undefined ? spec : { ...spec, after }, keys);
  };
  const jobs = readJobs(bytesOf(context, file), { file: nameForPeople(file), parse, bad, byLine: true });
  await sendAll(context, jobs, { lockTimeoutMs, pid, command: 'walq queue import' }, result, listener, { bad });
  return result;
}

/**
 * Beside a job at work another one may wait with the same key. Here both wait, and the second would be taken for a
 * duplicate and lost: it comes without its key.
 */
function withFreeKey(spec: JobSpec, keys: Set<string>): JobSpec {
  if (spec.key === undefined) return spec;
  if (!keys.has(spec.key)) {
    keys.add(spec.key);
    return spec;
  }
  const { key: _, keyMode: _mode, keyTtlMs: _ttl, ...rest } = spec;
  return rest;
}

/** What `enqueue` has no use for: the state, and what the job has been through. The past stays with the old queue. */
const past = new Set(['state', 'was']);

/** One line of `queue export`: the job, and the state that it had. */
export function parseExported(text: string, allowCommands: boolean): { spec: JobSpec; state: JobState } {
  if (jsonKind(text) !== 'object') return { spec: parseJobSpec(text), state: 'pending' };
  const members = jsonMembers(text, jobDepthMax);
  const state = stateIn(members.find(({ key }) => key === 'state')?.value);
  const spec = parseJobMembers(
    members.filter(({ key }) => !past.has(key)),
    { allowCommands },
  );
  if (spec.id === undefined) throw jobError('id', 'is missing: this is no line of queue export');
  return { spec, state };
}

function stateIn(value: string | undefined): JobState {
  if (value === undefined) {
    throw jobError('state', 'is missing: this is no line of queue export; queue enqueue -f takes other jobs');
  }
  const text = jsonKind(value) === 'string' ? jsonString(value) : undefined;
  const state = jobStates.find((each) => each === text);
  if (state === undefined) throw jobError('state', `must be one of ${jobStates.join(', ')}`);
  return state;
}
