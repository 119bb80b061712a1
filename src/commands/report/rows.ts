import { Columns } from './columns.ts';
import { JobTable } from './job-table.ts';
import { clipped, Texts } from './texts.ts';
import { type ReportLimits, type RowField, rowFields } from './types.ts';

/** How far a report that is too large is thinned out: further for each level. */
const levelsMax = 31;
/** As full as it may be after thinning. */
const roomyUse = 0.75;
/** From here on the tail shrinks too. */
const tailLevels = 6;

/**
 * Events, and the jobs they belong to, as many as the limits allow. When they are too many, jobs are left out with all
 * their events, half of those that are left each time, chosen by a hash of the id: what stays is told from end to end.
 * The last events stay whatever their jobs.
 */
export class Rows {
  readonly rows = new Columns<RowField>(rowFields);
  readonly jobs = new JobTable();
  texts = new Texts();
  textsCut = 0;
  level = 0;
  readonly #limits: ReportLimits;

  constructor(limits: ReportLimits) {
    this.#limits = limits;
  }

  get tail(): number {
    return Math.floor(this.#limits.tail / 2 ** Math.max(0, this.level - tailLevels));
  }

  push(row: Readonly<Record<RowField, number>>): void {
    this.rows.push(row);
    this.settle();
  }

  /** A job that no event has named yet: is there room for it? */
  takesJob(id: string): boolean {
    return sampled(id, this.level);
  }

  /**
   * Sees to it that the limits hold. Where jobs are sampled already, what has left the tail goes first; only when that
   * is not enough are fewer jobs sampled, so that there is room for a while.
   */
  settle(): void {
    if (this.#use() <= 1) return;
    if (this.level > 0) this.#thin();
    while (this.#use() > roomyUse && this.level < levelsMax) {
      this.level++;
      this.#thin();
    }
  }

  /** The log has ended: of jobs that are not sampled only the tail stays. */
  end(): void {
    if (this.level > 0) this.#thin();
  }

  textNumber(text: string): number {
    const short = clipped(text, this.#limits.textMost);
    if (short !== text) this.textsCut++;
    return this.texts.number(short);
  }

  /** How full it is; 1: to a limit. */
  #use(): number {
    const { rows, textBytes } = this.#limits;
    return Math.max(
      this.rows.length / rows,
      this.jobs.ids.length / rows,
      (this.texts.bytes + this.jobs.idBytes) / textBytes,
    );
  }

  #thin(): void {
    const { rows, jobs } = this;
    const { patches } = jobs;
    const from = Math.max(0, rows.length - this.tail);
    const inTail = new Set(rows.of.job.slice(from));
    const keepsJob = (place: number): boolean => inTail.has(place) || sampled(jobs.ids[place] ?? '', this.level);
    // What changes jobs without an event of their own happens at an event: with another in its place it came too early.
    const anchors = new Set(patches.of.position.filter((_, index) => keepsJob(patches.at('job', index))));
    // How many rows before each one stay.
    const before: number[] = [0];
    let kept = 0;
    const stays = Array.from({ length: rows.length }, (_, index) => {
      const job = rows.at('job', index);
      const chosen = sampled(job < 0 ? String(rows.at('seq', index)) : (jobs.ids[job] ?? ''), this.level);
      const stay = index >= from || chosen || anchors.has(index + 1);
      before.push(stay ? ++kept : kept);
      // A job that is here for the sake of the tail alone.
      if (!stay && job >= 0) jobs.jobs.set('whole', job, 0);
      return stay;
    });
    const places = jobs.keep(keepsJob);
    rows.keep((index) => stays[index] === true);
    for (const [index, job] of rows.of.job.entries()) if (job >= 0) rows.of.job[index] = places[job] ?? -1;
    for (const [index, at] of patches.of.position.entries()) patches.of.position[index] = before[at] ?? kept;
    this.#renewTexts();
  }

  /** Texts that nobody uses any more go. */
  #renewTexts(): void {
    const { rows, jobs, texts: old } = this;
    this.texts = new Texts();
    for (const column of [rows.of.text, jobs.jobs.of.name, jobs.jobs.of.group])
      for (const [index, number] of column.entries()) column[index] = this.texts.number(old.text(number));
  }
}

/** One in 2^level, the same ones at every level above too. */
function sampled(id: string, level: number): boolean {
  return level === 0 || hash(id) >>> (32 - level) === 0;
}

/** FNV-1a, stirred so that the upper bits are as good as the lower ones. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
