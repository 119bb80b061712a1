import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packPage } from '../../src/cli/report/pack.ts';
import { type Model, stateWords, unpack } from '../../src/cli/report/page/model.ts';
import { Player } from '../../src/cli/report/page/player.ts';
import { gatherReport } from '../../src/commands/report/gather.ts';
import { type ReportLimits, reportLimits } from '../../src/commands/report/types.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { contextIn } from '../support/command-context.ts';
import { type SimEnv, simEnv } from '../support/env.ts';
import { Prng } from '../support/seeded-random.ts';
import { bytesOf, putFile } from '../support/sim-edit.ts';

const machine = (): QueueMachine => new QueueMachine();

/** A queue in which everything happens: retries, deaths, removals, prunes by id and by seq, ids that come back. */
function* story(chance: Prng, epoch: number): Generator<QueueEvent> {
  const told = new QueueMachine();
  const owner = { kind: 'runner', epoch } as const;
  for (let seq = 1; seq <= 160; seq++) {
    const event = nextEvent(chance, told, owner, 1000 + seq, seq);
    told.applyKnown(event, seq);
    yield event;
  }
}

function nextEvent(
  chance: Prng,
  told: QueueMachine,
  owner: { kind: 'runner'; epoch: number },
  at: number,
  seq: number,
): QueueEvent {
  const jobs = [...told.jobs()];
  const job = jobs[chance.below(Math.max(1, jobs.length))];
  const free = Array.from({ length: 9 }, (_, number) => `job ${number}`).find((id) => told.get(id) === undefined);
  const enqueue = (id: string): QueueEvent => ({ type: 'ENQUEUE', id, at, ...enqueueDefaults, runAt: at });
  if (job === undefined || (free !== undefined && chance.chance(0.2))) return enqueue(free ?? `extra ${seq}`);
  if (chance.chance(0.03))
    return { type: 'PRUNE', id: '', at, cutoff: { seq, completed: true, dead: chance.chance(0.5) } };
  const { id } = job;
  switch (job.state) {
    case 'pending':
      if (chance.chance(0.1)) return { type: 'CANCEL', id, at };
      return { type: 'DISPATCH', id, at, attempt: job.attempt + 1, owner };
    case 'in_flight':
      if (chance.chance(0.5)) return { type: 'ACK', id, at };
      if (chance.chance(0.2)) return { type: 'DEAD', id, at, reason: 'attempts' };
      return { type: 'RETRY', id, at, runAt: at, reason: 'failed', refund: chance.chance(0.3), reset: false };
    case 'dead':
      if (chance.chance(0.5))
        return { type: 'RETRY', id, at, runAt: at, reason: 'redrive', refund: false, reset: true };
      return { type: 'REMOVE', id, at };
    default:
      return chance.chance(0.5) ? { type: 'PRUNE', id: '', at, ids: [id] } : enqueue(free ?? `extra ${seq}`);
  }
}

async function modelOf(env: SimEnv, limits: ReportLimits = reportLimits): Promise<Model> {
  const data = await gatherReport(contextIn(env), ['/s'], { withPayloads: false, limits });
  return unpack(inflateRawSync(packPage(data)));
}

/** Id, state and attempts of every job that is in the queue. */
function jobsAt(model: Model, player: Player): Record<string, string> {
  const jobs: Record<string, string> = {};
  for (const [job, id] of model.facts.ids.entries()) {
    const state = stateWords[player.state[job] ?? 0];
    if (state !== 'not yet' && state !== 'gone') jobs[id] = `${state} ${player.attempt[job]}`;
  }
  return jobs;
}

function jobsOf(machine: QueueMachine): Record<string, string> {
  return Object.fromEntries(
    [...machine.jobs()].map((job) => [job.id, `${job.state.replace('_', ' ')} ${job.attempt}`]),
  );
}

interface Told {
  env: SimEnv;
  chance: Prng;
  /** What the state machine says after each seq. */
  states: Record<string, string>[];
}

/** A store in which a story stands, with a checkpoint every so many events. */
async function tell(seed: number, checkpoints?: { every: number; keep: number }): Promise<Told> {
  const env = simEnv();
  const store = await openStore(env, '/s', { machine, create: true, segmentBytes: 4096 });
  const chance = new Prng(seed);
  const truth = new QueueMachine();
  const states = [jobsOf(truth)];
  for (const event of story(chance, store.epoch)) {
    await store.append(packed([encodeEvent(event)]));
    truth.applyKnown(event, states.length);
    states.push(jobsOf(truth));
    if (checkpoints && states.length % checkpoints.every === 0)
      await store.checkpoint({ keep: checkpoints.keep, clean: checkpoints.keep === 1 });
  }
  await store.close();
  return { env, chance, states };
}

describe('the jobs that a page shows at a moment', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'are those of the state machine, forwards, backwards and in leaps (story %i)',
    async (seed) => {
      // Every second story is compacted on the way: its log begins in the middle.
      const { env, chance, states } = await tell(seed, seed % 2 === 0 ? { every: 50, keep: 1 } : undefined);
      const model = await modelOf(env);
      const player = new Player(model);
      const first = (model.rows.seq[0] ?? 1) - 1;
      expect(first > 0).toBe(seed % 2 === 0);
      expect(model.rows.length).toBe(160 - first);
      const [{ seq: oldest } = { seq: 0 }] = model.facts.checkpoints.toSorted((a, b) => a.seq - b.seq);
      const check = (position: number): void => {
        player.moveTo(position);
        // A compacted log begins a little before the snapshot that it stands on.
        if (player.counts() === undefined) expect(first + position).toBeLessThan(oldest);
        else expect(jobsAt(model, player), `after seq ${first + position}`).toEqual(states[first + position]);
      };
      for (let position = model.rows.length; position >= 0; position--) check(position);
      for (let position = 0; position <= model.rows.length; position++) check(position);
      for (let leap = 0; leap < 40; leap++) check(chance.below(model.rows.length + 1));
    },
  );

  test.each([11, 12, 13, 14])(
    'are so again from a snapshot on, whatever the events before it are (story %i)',
    async (seed) => {
      const { env, states } = await tell(seed, { every: 40, keep: 9 });
      const [path = ''] = (await env.fs.readdir('/s/wal')).map((name) => `/s/wal/${name}`);
      // Everything of the first segment but its header is damaged; every other one is whole.
      putFile(
        env.fs,
        path,
        bytesOf(env.fs, path).map((byte, at) => (at < 96 ? byte : byte ^ 0x55)),
      );
      const model = await modelOf(env);
      const player = new Player(model);
      let [known, unknown] = [0, 0];
      for (let position = 1; position <= model.rows.length; position++) {
        player.moveTo(position);
        const seq = model.rows.seq[position - 1] ?? 0;
        if (player.counts() === undefined) unknown++;
        else {
          known++;
          expect(jobsAt(model, player), `after seq ${seq}`).toEqual(states[seq]);
        }
      }
      expect([known > 30, unknown > 0]).toEqual([true, true]);
    },
  );

  test.each([21, 22, 25])('are right for every job that a sample has whole (story %i)', async (seed) => {
    const { env, states } = await tell(seed);
    const all = (await modelOf(env)).facts.ids;
    const limits = { ...reportLimits, rows: 60, tail: 10 };
    const model = await modelOf(env, limits);
    expect(model.rows.length).toBeLessThanOrEqual(60);
    expect(model.facts.sample).toMatchObject({ eventsOf: 160, events: model.rows.length });
    const player = new Player(model);
    let checked = 0;
    for (let position = 1; position <= model.rows.length; position++) {
      player.moveTo(position);
      const seq = model.rows.seq[position - 1] ?? 0;
      const shown = jobsAt(model, player);
      for (const [job, id] of model.facts.ids.entries()) {
        // An id that came back stands for two jobs, of which a sample may lack one.
        if (model.jobs.whole[job] !== 1 || all.filter((each) => each === id).length > 1) continue;
        expect(shown[id], `${id} after seq ${seq}`).toBe(states[seq]?.[id]);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(20);
  });

  test('are two where an id came back after its job was gone, each with its own events', async () => {
    const { env } = await tell(1);
    const { facts, rows } = await modelOf(env);
    const twice = facts.ids.filter((id, job) => facts.ids.indexOf(id) !== job);
    expect(twice.length).toBeGreaterThan(0);
    for (const id of twice) {
      const places = facts.ids.flatMap((each, job) => (each === id ? [job] : []));
      for (const [at, job] of places.entries()) {
        const seqs = rows.seq.filter((_, row) => rows.job[row] === job);
        const nextBegins = rows.seq.find((_, row) => rows.job[row] === places[at + 1]) ?? Number.POSITIVE_INFINITY;
        expect(Math.max(...seqs)).toBeLessThan(nextBegins);
        expect(facts.typeNames[rows.type[rows.seq.indexOf(seqs[0] ?? 0)] ?? 0]).toBe('ENQUEUE');
      }
    }
  });
});
