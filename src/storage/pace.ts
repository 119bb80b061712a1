/** Syncs that take less than this are waited for in place. */
const quickSyncMs = 1;
const slowUntilMeasured = Number.POSITIVE_INFINITY;
/** How much the newest measurement counts. */
const newestShare = 0.2;
/** So much slower, at most, one sync makes the disk look. It is as quick as it shows; one that waited for others says little. */
const slowerMost = 1.05;
/** Work that takes this many syncs is worth being cut in two, one half beside the sync of the other. */
const syncsWorth = 2;
/** What that costs: two smaller commits for one, and each of them a trip through the thread pool and back. */
const overlapMs = 0.25;
/** A clock may say that a sync took no time at all. */
const syncMsMin = 0.01;
/** Overlapping commits do not show what a sync takes: after so many of them it is measured anew. */
const overlapsMost = 1000;
/** Turns of the event loop at most that a commit waits for those who ask one by one. */
const turnsMost = 3;
/** Of the work beside it, which is a half, a commit may still be waited for this part before that is not worth it. */
const patience = 0.25;

/**
 * How the writer waits for the disk, from what syncs and the work between them took.
 *
 * - A quick disk is waited for in place: a trip through the thread pool costs as much as the sync itself, and where
 *   everybody waits for it there is nothing to do meanwhile.
 * - When those who are answered keep this thread busier than two syncs the disk, and a sync takes long enough to win
 *   something, commits overlap: one half asks again while the other half is being synced, in the thread pool.
 * - A slow disk gets everything that waits in one sync, also in the thread pool.
 */
export class Pace {
  /** Those who ask are other processes and threads: each is heard when it comes, not all in one turn of the event loop. */
  askedFromOutside = false;
  readonly #always: boolean | undefined;
  #overlaps: boolean;
  #syncMs = slowUntilMeasured;
  /** What a sync takes where nothing else is in its way. */
  #bestMs = slowUntilMeasured;
  #turnMs = 0;
  #waitMs = 0;
  #overlapped = 0;

  /** `overlap`: always or never, whatever was measured. */
  constructor(overlap?: boolean) {
    this.#always = overlap;
    this.#overlaps = overlap ?? false;
  }

  /** One half of what waits is committed while the other half is answered. */
  get overlaps(): boolean {
    return this.#overlaps;
  }

  /** The next sync may block. */
  get syncInPlace(): boolean {
    return !this.#overlaps && this.#syncMs < quickSyncMs;
  }

  /** Turns of the event loop, at most, that are given to more askers while each turn brings some. */
  get turns(): number {
    return this.askedFromOutside ? turnsMost : 1;
  }

  /** A sync took so long. Beside other work that says nothing: it is only noticed when that is done. */
  synced(ms: number): void {
    if (this.#overlaps) return;
    this.#syncMs = this.#syncMs === slowUntilMeasured ? ms : mean(this.#syncMs, ms);
    this.#bestMs = Math.max(syncMsMin, Math.min(ms, slowerMost * this.#bestMs));
    this.#judge(this.#bestMs > overlapMs && this.#turnMs > syncsWorth * this.#syncMs);
  }

  /** From the answers until everybody who wanted to ask again had done so. */
  turned(ms: number): void {
    this.#turnMs = mean(this.#turnMs, ms);
  }

  /** So long this thread still waited for a commit when the work beside it was done. */
  waited(ms: number): void {
    this.#waitMs = mean(this.#waitMs, ms);
    const isQuick = this.#waitMs <= patience * this.#turnMs;
    // It is slower than it was, by how much the next ones show.
    if (!isQuick) this.#syncMs = this.#turnMs + this.#waitMs;
    this.#judge(isQuick && ++this.#overlapped < overlapsMost);
  }

  /** Nobody asked for anything while the last commit was on its way, and at most one did after it. */
  alone(): void {
    this.#judge(false);
  }

  #judge(pays: boolean): void {
    const before = this.#overlaps;
    this.#overlaps = this.#always ?? pays;
    if (before === this.#overlaps) return;
    this.#waitMs = 0;
    this.#overlapped = 0;
  }
}

function mean(before: number, ms: number): number {
  return (1 - newestShare) * before + newestShare * ms;
}
