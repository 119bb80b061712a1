import { Columns } from './columns.ts';
import { clipped, type Texts } from './texts.ts';
import { type JobField, jobCodes, jobFields, type PatchField, patchFields } from './types.ts';

/** Characters of an id, a name or a group; the format allows few more. */
const nameMost = 300;

/** What is told of a job beside its id. */
export interface JobTold {
  options: { name: string; group: string; maxAttempts: number };
  createdAt: number;
}

/** The jobs that events of the report belong to. A job that comes back under its old id has a second place. */
export class JobTable {
  ids: string[] = [];
  readonly jobs = new Columns<JobField>(jobFields);
  readonly patches = new Columns<PatchField>(patchFields);
  /** Of each job what it is now, in `jobCodes`. */
  #now: number[] = [];
  #attempts: number[] = [];
  #places = new Map<string, number>();
  idBytes = 0;

  find(id: string): number | undefined {
    return this.#places.get(id);
  }

  /** `whole`: its ENQUEUE comes with it. */
  add(id: string, job: JobTold | undefined, whole: boolean, texts: Texts): number {
    const place = this.ids.length;
    const { name = '', group = '', maxAttempts = 0 } = job?.options ?? {};
    this.ids.push(id);
    this.idBytes += Buffer.byteLength(id);
    this.#now.push(jobCodes.absent);
    this.#attempts.push(0);
    this.#places.set(id, place);
    this.jobs.push({
      name: texts.number(clipped(name, nameMost)),
      group: texts.number(clipped(group, nameMost)),
      createdMs: job?.createdAt ?? 0,
      maxAttempts,
      whole: whole ? 1 : 0,
    });
    return place;
  }

  stateOf(place: number): number {
    return this.#now[place] ?? jobCodes.absent;
  }

  /** `attempt`: -1 where it is not known. */
  becomes(place: number, state: number, attempt: number): void {
    this.#now[place] = state;
    if (attempt >= 0) this.#attempts[place] = attempt;
  }

  /** At a place in the order of events, without an event of its own. */
  patch(position: number, place: number, state: number, attempt: number): void {
    if (this.stateOf(place) === state && this.#attempts[place] === attempt) return;
    this.becomes(place, state, attempt);
    this.patches.push({ position, job: place, state, attempt });
  }

  /** Those that may be gone after a PRUNE. */
  *ended(): Generator<readonly [id: string, place: number]> {
    for (const [id, place] of this.present()) {
      const state = this.stateOf(place);
      if (state === jobCodes.completed || state === jobCodes.dead) yield [id, place];
    }
  }

  /** Those that are in the queue now. */
  *present(): Generator<readonly [id: string, place: number]> {
    for (const [id, place] of this.#places) {
      const state = this.stateOf(place);
      if (state !== jobCodes.absent && state !== jobCodes.gone) yield [id, place];
    }
  }

  /** Keeps the jobs that `wanted` names, and answers where each is afterwards; -1 for the others. */
  keep(wanted: (place: number) => boolean): number[] {
    let kept = 0;
    const places = this.ids.map((_, place) => (wanted(place) ? kept++ : -1));
    const isKept = (place: number): boolean => (places[place] ?? -1) >= 0;
    this.jobs.keep(isKept);
    this.ids = this.ids.filter((_, place) => isKept(place));
    this.#now = this.#now.filter((_, place) => isKept(place));
    this.#attempts = this.#attempts.filter((_, place) => isKept(place));
    this.idBytes = this.ids.reduce((sum, id) => sum + Buffer.byteLength(id), 0);
    this.patches.keep((index) => isKept(this.patches.at('job', index)));
    const { job } = this.patches.of;
    for (const [index, place] of job.entries()) job[index] = places[place] ?? -1;
    const before = this.#places;
    this.#places = new Map();
    for (const [id, place] of before) if (isKept(place)) this.#places.set(id, places[place] ?? -1);
    return places;
  }
}
