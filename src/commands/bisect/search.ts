import { WalqError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { verdictOf } from '../../storage/report.ts';
import type { CommandContext } from '../context.ts';
import { openLog } from '../log-source.ts';
import { replayTarget } from '../replay.ts';
import type { ReplayResult } from '../replay-types.ts';
import { nameOf, type Target } from '../target.ts';
import type { Seen } from '../where/compile.ts';
import { halve, probesFor } from './halve.ts';
import { foldTo, type Points, stateAt } from './points.ts';
import type { Answer, BisectResult, EventRange, Probe } from './types.ts';
import { type Sought, Watch } from './watch.ts';

export interface Answered {
  answer: Answer;
  /** Of a command. */
  exit?: number;
}

/** Asks about the state after an event; the answer must depend on the state alone. `left`: probes still to come. */
export type Ask = (state: ReplayResult, seq: number, left: number) => Answered | Promise<Answered>;

export interface Asking {
  ask: Ask;
  look(machine: QueueMachine): Seen[];
}

/** A search among the states of one log: where it stands, and what it has cost. */
export class Search {
  /** The state after this event is good, as far as it was asked. */
  good: number;
  /** The one after this is bad. */
  bad: number;
  #replayed = 0;
  readonly #context: CommandContext;
  readonly #target: Target;
  readonly #points: Points;
  readonly #asking: Asking;
  readonly #probes: Probe[] = [];
  readonly #bases = new Map<number, ReplayResult['snapshot']>();
  readonly #findings = new Map<string, Finding>();
  #readWhole = false;
  /** Where the range ends. */
  #last: number;

  constructor(context: CommandContext, target: Target, points: Points, asking: Asking) {
    this.#context = context;
    this.#target = target;
    this.#points = points;
    this.#asking = asking;
    this.good = points.lower;
    this.bad = points.lower;
    this.#last = points.lower;
  }

  /** The last state of the range; it, and where the range ends, are not known before. Throws as `replayPath` does. */
  async readEnd(): Promise<ReplayResult> {
    const { lower, upper } = this.#points;
    const until = upper === undefined ? undefined : ({ kind: 'seq', seq: upper } as const);
    const make = () => new QueueMachine();
    const end = await replayTarget(this.#context, this.#target, { until, snapshot: 'auto', make });
    this.#last = Math.max(lower, Number(end.seq));
    this.bad = this.#last;
    this.#replayed += end.replayed;
    this.#notice(end.findings);
    return end;
  }

  /** The answer, if the two ends of the range give it: the last state is good, or that before the range bad. */
  async askEnds(): Promise<BisectResult | undefined> {
    const end = await this.readEnd();
    const { good, bad } = this;
    const candidates = this.between();
    const atEnd = await this.#ask(end, bad);
    if (atEnd === 'good') return this.result('never', this.#seen(end));
    if (good === bad) return this.result(atEnd === 'bad' ? 'before' : 'unsure', this.#seen(end));
    if (atEnd === 'skip') return this.result('unsure', { candidates });
    const state = await this.#stateAt(good);
    const atStart = await this.#ask(state, good);
    if (atStart === 'bad') return this.result('before', this.#seen(state));
    return atStart === 'skip' ? this.result('unsure', { candidates }) : undefined;
  }

  async halveSnapshots(): Promise<void> {
    await this.#halve(this.#points.snapshots);
  }

  /** The events among which it is, if those between the two that are left were skipped or cannot be read. */
  async halveEvents(): Promise<EventRange | undefined> {
    for (;;) {
      try {
        const skipped = await this.#halve(undefined);
        return skipped > 0 ? this.between() : undefined;
      } catch (error) {
        const readable = await this.#holeIn(error);
        if (readable === undefined) throw error;
        // No snapshot lies between the two, so nothing behind the hole can be read.
        if (readable <= this.good) return this.between();
        const answer = await this.#ask(await this.#stateAt(readable), readable);
        if (answer === 'good') this.good = readable;
        if (answer !== 'bad') return this.between();
        this.bad = readable;
      }
    }
  }

  /** Event after event from the good point to the bad one; `hole`: those from there on cannot be read. */
  async fold(sought: Sought): Promise<{ machine: Watch; hole?: EventRange }> {
    const { good, bad } = this;
    if (!this.#bases.has(good)) await this.#stateAt(good);
    const base = this.#bases.get(good);
    const make = () => new Watch(sought, good);
    const read = async (until: number): Promise<Watch> => {
      const { machine, replayed, findings } = await foldTo(this.#context, this.#target, base, until, make);
      this.#replayed += replayed;
      this.#notice(findings);
      machine.ask();
      return machine;
    };
    try {
      return { machine: await read(bad) };
    } catch (error) {
      const readable = await this.#holeIn(error);
      if (readable === undefined) throw error;
      return { machine: await read(Math.max(readable, good)), hole: { from: Math.max(readable, good) + 1, to: bad } };
    }
  }

  /** Events that the search has come down to. */
  between(): EventRange {
    return { from: this.good + 1, to: this.bad };
  }

  /** Where the log in front of a hole ends, if it was one that made the reading fail. */
  async #holeIn(error: unknown): Promise<number | undefined> {
    if (!(error instanceof WalqError) || error.code !== 'E_SEQ_RANGE') return undefined;
    const { seqLast } = error.data;
    // The rest of the log was read from snapshots behind it: what the hole is, only a look at the whole can tell.
    if (!this.#readWhole) this.#notice((await openLog(this.#context, this.#target).scan({})).findings);
    this.#readWhole = true;
    return typeof seqLast === 'number' ? seqLast : undefined;
  }

  #notice(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const { code, file, offset, seqFirst } = finding;
      // What has no offset is seen from afar by one reading, and with its seqs by a nearer one.
      const place = offset === undefined ? '' : `${offset} ${seqFirst}`;
      this.#findings.set(`${code} ${file} ${place}`, finding);
    }
  }

  result(outcome: BisectResult['outcome'], more: Partial<BisectResult> = {}): BisectResult {
    const findings = [...this.#findings.values()].sort(byPlace);
    return {
      target: nameOf(this.#target),
      outcome,
      first: false,
      from: this.#points.lower + 1,
      to: this.#last,
      seen: [],
      probes: this.#probes,
      replayed: this.#replayed,
      verdict: verdictOf(findings),
      findings,
      ...more,
    };
  }

  async #halve(points: readonly number[] | undefined): Promise<number> {
    const found = await halve(this, points, async (seq, span) => {
      const state = await this.#stateAt(seq);
      return await this.#ask(state, seq, probesFor(span));
    });
    this.good = found.good;
    this.bad = found.bad;
    return found.skipped.length;
  }

  async #stateAt(seq: number): Promise<ReplayResult> {
    const state = await stateAt(this.#context, this.#target, seq);
    this.#replayed += state.replayed;
    this.#notice(state.findings);
    this.#bases.set(seq, state.snapshot);
    return state;
  }

  async #ask(state: ReplayResult, seq: number, left = probesFor(this.bad - this.good - 1)): Promise<Answer> {
    const answered = await this.#asking.ask(state, seq, left);
    const { replayed, snapshot } = state;
    this.#probes.push({ seq, ...answered, replayed, ...(snapshot && { snapshot: snapshot.seq }) });
    return answered.answer;
  }

  #seen({ machine }: ReplayResult): { seen: Seen[] } {
    return { seen: this.#asking.look(machine) };
  }
}

/** As a log is read, whatever reading met the fault. */
function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.offset ?? 0) - (b.offset ?? 0);
}
