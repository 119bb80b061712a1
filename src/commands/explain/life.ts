import { eventTypes, type QueueEvent } from '../../queue/events/event-types.ts';
import { decodeEvent, recordJobId, recordType } from '../../queue/events/events.ts';
import { recordsOf } from '../../queue/events/job-records.ts';
import type { LostRange, RecordView } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { ForeignIds } from '../foreign-ids.ts';
import { resolveForeign } from '../foreign-range.ts';
import { readForeignLog } from '../foreign-source.ts';
import { recordOfForeign } from '../foreign-state.ts';
import { openLog } from '../log-source.ts';
import { type Seq, seqOf } from '../seq.ts';
import { isForeign } from '../target.ts';
import { JobHistory } from './history.ts';
import type { Scene } from './scene.ts';

/** One event that the life of a job is told by: its own, of a job that it waits for, or a pause that may hold it. */
export interface Told {
  seq: Seq;
  event: QueueEvent;
  of: 'job' | 'parent' | 'pause';
  /** Of a REMOVE: the job that took its place. */
  replacedBy?: string;
}

/** What the log says of one job. */
export interface Life {
  history: JobHistory;
  /** In the order of the log; of the life that the history tells. */
  told: Told[];
  /** First seq that the log has. */
  logBegins: Seq | undefined;
  /** Seqs before the end of the look that cannot be read. */
  lost: LostRange[];
}

type Frame = Pick<RecordView, 'file' | 'offset'>;

/** Collects what concerns one job, in the order of the log. */
class LifeReader {
  readonly history = new JobHistory();
  readonly #told: Told[] = [];
  /** Pauses in force, by their scope. */
  readonly #pauses = new Map<string, Told>();
  #begun = false;
  readonly #id: string;
  readonly #isOurs: (record: Uint8Array) => boolean;
  readonly #isGone: boolean;
  #parents: ReadonlySet<string>;
  #key: string | undefined;
  /** Its REMOVE, and the frame that holds it. */
  #removal: { told: Told; frame: Frame } | undefined;

  constructor(id: string, { machine }: Scene) {
    const job = machine?.get(id);
    this.#id = id;
    this.#isOurs = recordsOf(id);
    this.#isGone = job === undefined;
    this.#parents = new Set(job?.special?.parents);
  }

  /** What was in force when its story begins, and what happened since. */
  get told(): Told[] {
    return this.#begun ? this.#told : [...this.#pauses.values()];
  }

  /** `frame`: that of the record, in a log of ours. */
  take(record: Uint8Array, seq: Seq, frame?: Frame): void {
    if (this.#isOurs(record)) {
      this.#takeOwn(record, seq, frame);
      return;
    }
    switch (recordType(record)) {
      case eventTypes.ENQUEUE:
        if (this.#removal !== undefined) this.#takeSuccessor(record, frame, this.#removal);
        return;
      case eventTypes.PAUSE:
      case eventTypes.RESUME:
        this.#takePause(record, seq);
        return;
      case eventTypes.ACK:
        if (this.#parents.size > 0 && this.#parents.has(recordJobId(record))) this.#add(record, seq, 'parent');
        return;
      case eventTypes.PRUNE:
        if (this.#isGone) this.#takePrune(record, seq);
    }
  }

  #takeOwn(record: Uint8Array, seq: Seq, frame: Frame | undefined): void {
    const event = decoded(record);
    if (event === undefined) return;
    if (event.type === 'ENQUEUE' || !this.#begun) this.#begin();
    if (event.type === 'ENQUEUE') {
      this.#key = event.key;
      // An earlier job of this id may have waited for others.
      this.#parents = new Set(event.parents);
    }
    this.history.take(event, seq);
    const told: Told = { seq, event, of: 'job' };
    this.#told.push(told);
    const mayHaveHeir = event.type === 'REMOVE' && this.#key !== undefined && frame !== undefined;
    this.#removal = mayHaveHeir ? { told, frame: { file: frame.file, offset: frame.offset } } : undefined;
  }

  /** A job that replaces another by its key is enqueued in the write that removes that one; nothing else does both. */
  #takeSuccessor(record: Uint8Array, frame: Frame | undefined, removal: { told: Told; frame: Frame }): void {
    const isSame = frame?.file === removal.frame.file && frame.offset === removal.frame.offset;
    const event = isSame ? decoded(record) : undefined;
    if (!isSame) this.#removal = undefined;
    if (event?.type !== 'ENQUEUE' || event.key !== this.#key) return;
    removal.told.replacedBy = event.id;
    if (this.history.departure !== undefined) this.history.departure.replacedBy = event.id;
  }

  /** Whatever was before is another job's story, but for the pauses that hold this one, too. */
  #begin(): void {
    this.#begun = true;
    this.#told.splice(0, this.#told.length, ...this.#pauses.values());
  }

  #takePause(record: Uint8Array, seq: Seq): void {
    const event = decoded(record);
    if (event?.type !== 'PAUSE' && event?.type !== 'RESUME') return;
    const scope = JSON.stringify([event.name, event.group]);
    const told: Told = { seq, event, of: 'pause' };
    if (event.type === 'PAUSE') this.#pauses.set(scope, told);
    else this.#pauses.delete(scope);
    if (this.#begun && this.history.departure === undefined) this.#told.push(told);
  }

  #add(record: Uint8Array, seq: Seq, of: 'job' | 'parent'): void {
    const event = this.#begun && this.history.departure === undefined ? decoded(record) : undefined;
    if (event !== undefined) this.#told.push({ seq, event, of });
  }

  #takePrune(record: Uint8Array, seq: Seq): void {
    const { history } = this;
    const event = history.endSeq === undefined || history.departure ? undefined : decoded(record);
    if (event?.type !== 'PRUNE') return;
    const { ids, cutoff } = event;
    const died = history.attempts.at(-1)?.outcome !== 'completed';
    const states = cutoff !== undefined && (died ? cutoff.dead : cutoff.completed);
    if (!ids?.includes(this.#id) && !(states && Number(history.endSeq) <= cutoff.seq)) return;
    history.take(event, seq);
    this.#told.push({ seq, event, of: 'job' });
  }
}

/** A record that cannot be decoded tells nothing; `wal verify` names it. Copied: what is read is used again. */
function decoded(record: Uint8Array): QueueEvent | undefined {
  try {
    return decodeEvent(Uint8Array.from(record));
  } catch {
    return undefined;
  }
}

/** Reads the log of a scene once more, up to its seq, past what cannot be read. */
export async function readLife(context: CommandContext, scene: Scene, id: string): Promise<Life> {
  const reader = new LifeReader(id, scene);
  const found = isForeign(scene.open) ? await ofForeign(context, scene, reader) : await ofLog(context, scene, reader);
  return { history: reader.history, told: reader.told, ...found };
}

async function ofLog(
  context: CommandContext,
  { open, seq: seqLast = Number.POSITIVE_INFINITY }: Scene,
  reader: LifeReader,
): Promise<Pick<Life, 'logBegins' | 'lost'>> {
  let logBegins: number | undefined;
  const lost: LostRange[] = [];
  const report = await openLog(context, open).scan({
    lost: ({ seqFirst, seqLast: last }) => {
      logBegins ??= seqFirst;
      lost.push({ seqFirst, seqLast: last });
    },
    record(record) {
      const { seq } = record;
      logBegins ??= seq;
      // What came after the state was read would not fit it.
      if (seq > Number(seqLast)) return false;
      reader.take(record.bytes, seq, record);
      return undefined;
    },
  });
  for (const { seqFirst, seqLast: last } of report.lost) lost.push({ seqFirst, seqLast: last });
  return { logBegins, lost: lost.filter(({ seqFirst }) => seqFirst <= Number(seqLast)) };
}

async function ofForeign(
  context: CommandContext,
  { open, until }: Scene,
  reader: LifeReader,
): Promise<Pick<Life, 'logBegins' | 'lost'>> {
  if (!isForeign(open)) throw new Error('assertion failed: a foreign log');
  const ids = new ForeignIds();
  const range = until && { to: until };
  const inRange = await resolveForeign(range, (visit) => readForeignLog(context, open, visit), context.env.clock.now());
  let place = 0;
  const summary = await readForeignLog(context, open, (event) => {
    if (!inRange(event, ++place) || event.afterDamage) return;
    const record = recordOfForeign(event, ids, 0);
    if (record !== undefined) reader.take(record, seqOf(event.seq));
  });
  const lost = summary.missing.map(({ seqFirst, seqLast }) => ({
    seqFirst: Number(seqFirst),
    seqLast: Number(seqLast),
  }));
  return { logBegins: summary.seqFirst === undefined ? undefined : seqOf(summary.seqFirst), lost };
}
