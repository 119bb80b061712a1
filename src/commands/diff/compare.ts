import type { Job, JobCounts, JobState } from '../../queue/state/job.ts';
import type { SettingEntry } from '../../queue/state/settings.ts';
import type { QueueTotals } from '../../queue/state/totals.ts';
import { type Comparison, type FieldChange, fieldChanges, isSameJob } from './job-fields.ts';
import { type SettingChange, settingChanges } from './settings.ts';

/** One of the two states: its jobs, whatever it was read from. */
export interface ComparedState {
  jobs(): Iterable<Job>;
  get(id: string): Job | undefined;
  /** Is this job of the other state here, too? */
  has(job: Job): boolean;
  counts: Readonly<JobCounts>;
  settings: readonly SettingEntry[];
  totals: Readonly<QueueTotals>;
}

/**
 * What became of a job between the two, seen from the first: several may hold at a time. `replaced`: it was forgotten,
 * and another one has its id. `changed`: what it is or how it is to run, apart from its state.
 */
export const changeKinds = ['created', 'gone', 'replaced', 'moved', 'finished', 'died', 'retried', 'changed'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface JobChange {
  id: string;
  before: Job | undefined;
  after: Job | undefined;
  kinds: readonly ChangeKind[];
  /** Of a job that is there on both sides. */
  fields: readonly FieldChange[];
}

/** Jobs that went from one status to another; 'none' where they were not there. */
export interface Move {
  from: JobState | 'none';
  to: JobState | 'none';
  jobs: number;
}

export interface DiffTotals {
  kinds: Record<ChangeKind, number>;
  moves: Move[];
  /** Jobs that are not the same on both sides, and those that are. */
  differing: number;
  same: number;
  settings: SettingChange[];
  /** Events between the two by what they did, those of jobs that came and went included. Of one log only. */
  events?: Partial<QueueTotals>;
}

/** The difference of two states. Costs no memory beside theirs: changes are worked out as they are asked for. */
export class StateDiff {
  readonly #early: ComparedState;
  readonly #late: ComparedState;
  readonly #backwards: boolean;
  readonly #comparison: Comparison;

  /** `backwards`: the state to begin from is the late one. */
  constructor(early: ComparedState, late: ComparedState, options: Comparison & { backwards: boolean }) {
    this.#early = early;
    this.#late = late;
    this.#backwards = options.backwards;
    this.#comparison = options;
  }

  get before(): ComparedState {
    return this.#backwards ? this.#late : this.#early;
  }

  get after(): ComparedState {
    return this.#backwards ? this.#early : this.#late;
  }

  /** Jobs of the early state in their order, then those that only the late one has. */
  *changes(): Generator<JobChange, void, void> {
    const replaced = new Set<string>();
    for (const job of this.#early.jobs()) {
      const change = this.#changeOf(job, this.#late.get(job.id));
      if (change === undefined) continue;
      if (change.kinds[0] === 'replaced') replaced.add(job.id);
      yield change;
    }
    for (const job of this.#late.jobs()) {
      if (this.#early.has(job) || replaced.has(job.id)) continue;
      const change = this.#changeOf(undefined, job);
      if (change !== undefined) yield change;
    }
  }

  /** Linear in the number of jobs. */
  totals(): DiffTotals {
    const kinds = Object.fromEntries(changeKinds.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
    const moves = new Map<string, Move>();
    let differing = 0;
    let onBothSides = 0;
    for (const { before, after, kinds: of } of this.changes()) {
      differing++;
      if (before !== undefined && after !== undefined) onBothSides++;
      for (const kind of of) kinds[kind]++;
      const [from, to] = [before?.state ?? 'none', after?.state ?? 'none'] as const;
      if (from === to) continue;
      const move = moves.get(`${from} ${to}`) ?? { from, to, jobs: 0 };
      move.jobs++;
      moves.set(`${from} ${to}`, move);
    }
    const { before, after } = this;
    const common = Object.values(before.counts).reduce((sum, each) => sum + each, 0) - kinds.gone;
    return {
      kinds,
      moves: [...moves.values()].sort((a, b) => b.jobs - a.jobs),
      differing,
      same: common - onBothSides,
      settings: settingChanges(before.settings, after.settings),
      ...(!this.#comparison.acrossLogs && { events: eventsBetween(this.#early.totals, this.#late.totals) }),
    };
  }

  /** The job of this id on both sides, also where nothing has changed. */
  one(id: string): JobChange {
    const [early, late] = [this.#early.get(id), this.#late.get(id)];
    return this.#changeOf(early, late) ?? { id, ...this.#sides(early, late), kinds: [], fields: [] };
  }

  #changeOf(early: Job | undefined, late: Job | undefined): JobChange | undefined {
    const comparison = this.#comparison;
    if (early !== undefined && late !== undefined && isSameJob(early, late, comparison)) return undefined;
    const { before, after } = this.#sides(early, late);
    const id = (early ?? late)?.id ?? '';
    if (before === undefined || after === undefined) {
      if (before === after) return undefined;
      return { id, before, after, kinds: onOneSide(after, this.#backwards), fields: [] };
    }
    const fields = fieldChanges(before, after, comparison);
    if (fields.length === 0) return undefined;
    return { id, before, after, kinds: this.#kindsOf(before, after, fields), fields };
  }

  #sides(early: Job | undefined, late: Job | undefined): Pick<JobChange, 'before' | 'after'> {
    return this.#backwards ? { before: late, after: early } : { before: early, after: late };
  }

  #kindsOf(before: Job, after: Job, fields: readonly FieldChange[]): ChangeKind[] {
    if (!this.#comparison.acrossLogs && before.seq !== after.seq) return ['replaced'];
    const names = new Set(fields.map(({ name }) => name));
    const kinds: ChangeKind[] = [];
    if (before.state !== after.state) kinds.push('moved');
    if (before.state !== 'completed' && after.state === 'completed') kinds.push('finished');
    if (before.state !== 'dead' && after.state === 'dead') kinds.push('died');
    if (!this.#backwards && after.setback !== undefined && names.has('setback.at')) kinds.push('retried');
    if (kinds.length === 0 || fields.some(({ name }) => isOwn(name, before, after, names))) kinds.push('changed');
    return kinds;
  }
}

function onOneSide(after: Job | undefined, backwards: boolean): ChangeKind[] {
  if (after === undefined) return ['gone'];
  const ended: ChangeKind[] = after.state === 'completed' ? ['finished'] : after.state === 'dead' ? ['died'] : [];
  const retried: ChangeKind[] = after.setback !== undefined && !backwards ? ['retried'] : [];
  return ['created', ...ended, ...retried];
}

const own: ReadonlySet<string> = new Set([
  'name',
  'group',
  'key',
  'keyUntilMs',
  'parents',
  'waitingFor',
  'priority',
  'maxAttempts',
  'timeoutMs',
  'backoff',
  'command',
  'payload',
]);

/** What the job is and how it is to run: not what an attempt leaves behind. */
function isOwn(name: string, before: Job, after: Job, changed: ReadonlySet<string>): boolean {
  const stays = before.state === 'pending' && after.state === 'pending' && !changed.has('setback.at');
  // These change by themselves when an attempt begins or fails.
  return name === 'runAtMs' || name === 'expiresAtMs' ? stays : own.has(name);
}

function eventsBetween(early: Readonly<QueueTotals>, late: Readonly<QueueTotals>): Partial<QueueTotals> {
  const names = Object.keys(late) as (keyof QueueTotals)[];
  return Object.fromEntries(
    names.flatMap((name) => (late[name] === early[name] ? [] : [[name, late[name] - early[name]]])),
  );
}
