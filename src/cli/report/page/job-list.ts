import { absent, gone, stateWords } from './model.ts';
import type { Stage } from './stage.ts';
import { lastEvent } from './words.ts';

/** What the table is asked to show. */
export interface JobQuery {
  /** Lower case; in the id, name, group or last event. */
  search: string;
  /** Number of a state; undefined for all jobs that are in the queue. */
  state: number | undefined;
  sort: SortKey;
  descending: boolean;
}

export const sortKeys = ['seq', 'job', 'name', 'state', 'attempt', 'enqueued', 'changed'] as const;
export type SortKey = (typeof sortKeys)[number];

/** The jobs that a query finds at the moment, in its order; and how many there are of each state. */
export class JobList {
  places = new Int32Array(0);
  readonly byState = new Int32Array(stateWords.length);
  readonly #stage: Stage;
  readonly #words: string[];

  constructor(stage: Stage) {
    this.#stage = stage;
    const { jobs, facts } = stage.model;
    this.#words = facts.ids.map((id, job) =>
      `${id}\n${stage.text(jobs.name[job])}\n${stage.text(jobs.group[job])}`.toLowerCase(),
    );
  }

  find({ search, state, sort, descending }: JobQuery): void {
    const { player } = this.#stage;
    this.byState.fill(0);
    const found: number[] = [];
    for (const [job, words] of this.#words.entries()) {
      if (search !== '' && !words.includes(search) && !this.#lastText(job).includes(search)) continue;
      const now = player.state[job] ?? absent;
      this.byState[now] = (this.byState[now] ?? 0) + 1;
      const wanted = state === undefined ? now !== absent && now !== gone : now === state;
      if (wanted) found.push(job);
    }
    // Jobs are kept in the order in which the log names them first.
    if (sort !== 'seq') {
      const compare = this.#order(sort);
      found.sort((a, b) => compare(a, b) || a - b);
    }
    this.places = Int32Array.from(descending ? found.reverse() : found);
  }

  /** Does the order, or what is found, depend on the moment beyond the states? */
  static dependsOnMoment({ sort, search }: JobQuery): boolean {
    return search !== '' || sort === 'state' || sort === 'attempt' || sort === 'changed';
  }

  #lastText(job: number): string {
    return lastEvent(this.#stage, this.#stage.player.lastRow[job] ?? -1).toLowerCase();
  }

  #order(sort: SortKey): (a: number, b: number) => number {
    const { model, player } = this.#stage;
    const { jobs, facts, rows } = model;
    const by = (value: (job: number) => number) => (a: number, b: number) => value(a) - value(b);
    const byText = (value: (job: number) => string) => (a: number, b: number) => compareTexts(value(a), value(b));
    switch (sort) {
      case 'job':
        return byText((job) => facts.ids[job] ?? '');
      case 'name':
        return byText((job) => facts.texts[jobs.name[job] ?? 0] ?? '');
      case 'state':
        return by((job) => player.state[job] ?? 0);
      case 'attempt':
        return by((job) => player.attempt[job] ?? 0);
      case 'enqueued':
        return by((job) => jobs.createdMs[job] ?? 0);
      case 'changed':
        return by((job) => rows.atMs[player.lastRow[job] ?? -1] ?? 0);
      default:
        return () => 0;
    }
  }
}

/** `job_9` before `job_10`. Made for many: the slow comparison only where the texts hold digits. */
const collator = new Intl.Collator('en', { numeric: true });

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : collator.compare(a, b);
}
