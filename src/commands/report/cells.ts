import type { FrameView } from '../../storage/types.ts';
import { Columns } from './columns.ts';
import { type CellField, cellFields, cellTypes } from './types.ts';

const dataType = cellTypes.indexOf('data');
/** Data frames are put together from here on, the frames of an opening (OPEN, data, CLOSE) later, all at last. */
const mergeFrom = { data: 256, opening: 4096, all: 1024 * 1024 };
const openingTypes = new Set([dataType, cellTypes.indexOf('open'), cellTypes.indexOf('close')]);

type Row = Readonly<Record<CellField, number>>;

/**
 * The frames of a log for a map of it. Where there are more than so many, frames beside each other become one cell, of
 * as few bytes as will do; what is rare keeps a cell of its own as long as possible.
 */
export class FrameCells {
  readonly cells = new Columns<CellField>(cellFields);
  readonly #most: number;
  /** Cells are put together up to here. */
  #mergeBytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  take(frame: FrameView, segment: number): void {
    const { offset, bytes, seqFirst, count } = frame;
    const type = cellTypes.indexOf(frame.type);
    const seqs = frame.type === 'data' || frame.type === 'lost' ? count : 0;
    const row = { segment, offset, bytes, type, seqFirst, seqs, frames: 1, afterHole: frame.afterHole ? 1 : 0 };
    const last = this.cells.length - 1;
    if (this.#joins(last, row)) this.#join(last, row);
    else this.cells.push(row);
    if (this.cells.length > this.#most) this.#coarser();
  }

  /** The most frames that one cell stands for. */
  get framesMerged(): number {
    return this.cells.of.frames.reduce((most, frames) => Math.max(most, frames), 1);
  }

  #joins(index: number, row: Row): boolean {
    const { cells } = this;
    if (index < 0 || cells.at('bytes', index) + row.bytes > this.#mergeBytes) return false;
    const beside = cells.at('offset', index) + cells.at('bytes', index) === row.offset;
    const alike = cells.at('segment', index) === row.segment && cells.at('afterHole', index) === row.afterHole;
    return beside && alike && this.#typesJoin(cells.at('type', index), row.type);
  }

  #typesJoin(one: number, other: number): boolean {
    if (this.#mergeBytes >= mergeFrom.all) return true;
    if (this.#mergeBytes >= mergeFrom.opening) return openingTypes.has(one) && openingTypes.has(other);
    return one === dataType && other === dataType;
  }

  #join(index: number, row: Row): void {
    const { cells } = this;
    if (cells.at('type', index) !== row.type) cells.set('type', index, dataType);
    for (const field of ['bytes', 'seqs', 'frames'] as const)
      cells.set(field, index, cells.at(field, index) + row[field]);
  }

  #coarser(): void {
    const { cells } = this;
    const enough = this.#most * 0.75;
    while (cells.length > enough && this.#mergeBytes < Number.MAX_SAFE_INTEGER) {
      this.#mergeBytes = Math.max(mergeFrom.data, this.#mergeBytes * 2);
      let last = -1;
      cells.keep((index) => {
        const row = rowAt(cells, index);
        if (this.#joins(last, row)) {
          this.#join(last, row);
          return false;
        }
        last++;
        return true;
      });
    }
  }
}

function rowAt(cells: Columns<CellField>, index: number): Row {
  const row = Object.fromEntries(cellFields.map((field) => [field, cells.at(field, index)]));
  return row as Row;
}
