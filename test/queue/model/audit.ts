import type { JobSpec } from '../../../src/queue/ops/spec.ts';
import { checkDispatched, checkLeased, checkPrune, checkReclaimAnswer } from './answer-rules.ts';
import type { Frame } from './disk.ts';
import { DispatchRules } from './dispatch-rules.ts';
import { fits, fitsInAnyOrder } from './fits.ts';
import { type History, timeOf } from './history.ts';
import { plan, type Request } from './operations.ts';
import { checkRedrivenAll } from './redrive-rules.ts';
import type { State } from './state.ts';
import * as rules from './sweep-rules.ts';
import type { Op, World } from './world.ts';

/**
 * Holds the log and the answers against each other: every frame is what its operation had to write in the state it met,
 * what was answered is in the log and true, and a refusal had its reason at some moment between question and answer.
 */
export function audit(world: World, history: History): void {
  const begun = new DispatchRules(world, history);
  let frames = 0;
  for (const [index, op] of world.ops.entries()) {
    const own = history.framesOf(index);
    frames += own.length;
    try {
      for (const frame of own) checkFrame(world, history, begun, op, frame);
      if (op.outcome === 'done') checkAnswer(history, begun, op, own);
      else if (op.outcome === 'refused') checkRefusal(history, op, own, world.refused.get(index));
    } catch (error) {
      const { request, outcome, answer, code, seq, seqEnd } = op;
      const what = JSON.stringify({ ...request, outcome, answer: answer ?? null, code, seq, seqEnd }, plain);
      throw new Error(`operation ${index} ${what}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (frames !== history.frames.length) throw new Error('a frame that no operation wrote');
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
}

function checkFrame(world: World, history: History, begun: DispatchRules, op: Op, frame: Frame): void {
  const { request } = op;
  const at = timeOf(frame.events);
  if (!history.times(op, frame.tick).includes(at)) throw new Error(`time ${at} is not one of those it ran in`);
  switch (request.kind) {
    case 'dispatch':
    case 'lease':
      if (frame.events[0]?.type === 'DEAD') rules.checkExpiry(history, frame);
      else begun.check(op, request, frame);
      break;
    case 'reclaim':
      rules.checkReclaim(world, history, op, frame);
      break;
    case 'prune':
      rules.checkPruned(history, op, request.request, frame);
      break;
    case 'redriveAll':
      checkRedrivenAll(history, op, request, frame);
      break;
    case 'sweep':
      rules.checkSweepFrame(history, op, request.upSinceMs, frame);
      break;
    default: {
      if (history.framesOf(frame.op).length > 1) throw new Error('more than one frame');
      const planned = plan(stateMet(history, op, frame), at, request);
      if (planned === undefined) throw new Error('a frame without a rule');
      if ('refused' in planned) throw new Error(`written, and should have been refused: ${planned.refused}`);
      rules.expectFrame(frame, planned.events);
    }
  }
}

function checkAnswer(history: History, begun: DispatchRules, op: Op, frames: readonly Frame[]): void {
  const { request } = op;
  const [frame] = frames;
  switch (request.kind) {
    case 'dispatch':
      begun.checkNothingLeft(op, request, checkDispatched(op, frames), history.at(op.seqEnd));
      break;
    case 'lease': {
      const got = checkLeased(history, op, request.tokens, frames);
      if (got !== undefined) begun.checkNothingLeft(op, request, got, history.at(op.seqEnd));
      break;
    }
    case 'reclaim':
      checkReclaimAnswer(op, frames);
      rules.checkReclaimed(history, op);
      break;
    case 'redriveAll':
      if (op.answer !== (frame?.events.length ?? 0)) throw new Error('answered another number than it called back');
      break;
    case 'prune':
      checkPrune(history, op, request.request, frames);
      break;
    case 'sweep':
      rules.checkSwept(history, op, frames);
      break;
    default:
      if (frame !== undefined) checkWritten(history, op, frame);
      else if (!history.justifies(op, (state, at) => isAnsweredWithoutWriting(op, state, at)))
        throw new Error('answered without writing, and that was never right');
  }
}

/**
 * What a frame was decided upon: the state just before it. Only jobs that a request left out because they were there
 * already may be gone by then.
 */
function stateMet(history: History, op: Op, frame: Frame): State {
  const { request } = op;
  // What it changes is the limit itself: that one is as it was.
  if (request.kind === 'limit') return history.before(frame);
  const last = history.loosest(op, frame, frame.seqFirst - 1);
  // What else it calls back was chosen when it was planned: a key may have come free since.
  if (request.kind !== 'redrive' && (request.kind !== 'enqueue' || request.specs.length < 2)) return last;
  const explains = (state: State): boolean => {
    const planned = plan(state, timeOf(frame.events), request);
    return planned !== undefined && 'events' in planned && fitsInAnyOrder(frame.events, planned.events);
  };
  for (let seq = frame.seqFirst - 1; seq >= op.seq; seq--) {
    const state = history.loosest(op, frame, seq);
    if (explains(state)) return state;
  }
  return last;
}

function checkWritten(history: History, op: Op, frame: Frame): void {
  const { request, answer } = op;
  const planned = plan(stateMet(history, op, frame), timeOf(frame.events), request);
  if (planned === undefined || 'refused' in planned) throw new Error('written, and should not have been');
  if (!history.justifies(op, (state) => !isTooLarge(payloadsOf(request, frame), state)))
    throw new Error('written, and its payload was too large all the time');
  const seqOf = (type: string, id: string): number =>
    frame.seqFirst + frame.events.findIndex((event) => event.type === type && event.id === id);
  const expected = planned.answer(seqOf);
  if (!fits(answer, expected)) throw new Error(`expected the answer ${JSON.stringify(expected, plain)}`);
}

function isAnsweredWithoutWriting({ request, answer }: Op, state: State, at: number): boolean {
  const planned = plan(state, at, request);
  if (planned === undefined || 'refused' in planned || planned.events.length > 0) return false;
  return fits(
    answer,
    planned.answer(() => Number.NaN),
  );
}

function checkRefusal(
  history: History,
  op: Op,
  frames: readonly Frame[],
  byDisk: ReadonlySet<string> | undefined,
): void {
  const { request, code = '' } = op;
  const isOneFrame = plan(history.at(op.seq), 0, request) !== undefined;
  // A frame whose sync failed may be there or not.
  if (isOneFrame && frames.length > 0 && code !== 'E_DURABILITY_UNKNOWN') throw new Error('refused, and written');
  if (byDisk?.has(code)) return;
  if (!history.justifies(op, (state, at) => isRefused(op, request, code, state, at)))
    throw new Error('refused without a reason');
}

function isRefused(op: Op, request: Request, code: string, state: State, at: number): boolean {
  if (request.kind === 'prune') {
    return (request.request.ids ?? []).some((id) => {
      const job = state.jobs.get(id);
      if (job === undefined) return code === 'E_JOB_UNKNOWN';
      return code === 'E_JOB_STATE' && (job.phase === 'waits' || job.phase === 'works');
    });
  }
  if ((code === 'E_JOB' || code === 'E_JSON_SIZE') && isTooLarge(payloadsOf(request), state)) return true;
  if (request.kind === 'enqueue') {
    // Jobs on their way count as well, whatever becomes of them.
    if (code === 'E_QUEUE_FULL' && !op.alone) return state.limits.get('')?.pendingMax !== undefined;
  }
  const planned = plan(state, at, request);
  return planned !== undefined && 'refused' in planned && planned.refused === code;
}

type Payload = JobSpec['payload'];

/** Those that it would put into the queue; of several jobs those that are in its frame, where it has one. */
function payloadsOf(request: Request, frame?: Frame): readonly Payload[] {
  switch (request.kind) {
    case 'enqueue':
      return request.specs
        .filter(({ id }) => frame?.events.some((event) => event.type === 'ENQUEUE' && event.id === id) ?? true)
        .map(({ payload }) => payload);
    case 'update':
      return [request.change.payload];
    case 'schedule':
      return [request.spec.job.payload];
    default:
      return [];
  }
}

function isTooLarge(payloads: readonly Payload[], state: State): boolean {
  const max = state.limits.get('')?.payloadBytesMax ?? Number.POSITIVE_INFINITY;
  return payloads.some((payload) => payload !== undefined && Buffer.byteLength(payload) > max);
}
