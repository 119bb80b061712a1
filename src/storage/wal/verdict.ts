import type { Code } from '../../base/code.ts';
import { assert } from '../../base/errors.ts';
import type { Severity } from '../../base/finding.ts';
import type { Hole, HoleKind } from './scan-types.ts';

/**
 * The one place that says what a hole in the log means. Everybody asks here: open, verify, repair, inspect.
 *
 * `certified` is the largest offset below which anything at all proves that the segment was durable (FORMAT.md, "Torn
 * or corrupt"). A crash can only have touched what lies at or above it; so below it every fault is damage, and above
 * it a fault is a torn write if the bytes show how (the file ends, or a sector is missing), and cannot be told from
 * damage if they do not.
 */
export interface Ruling {
  /** Label of the row, for tests and for the reader of a bug report. */
  row: string;
  severity: Severity;
  code: Code;
  message: string;
}

interface Row {
  row: string;
  kinds: readonly HoleKind[];
  when: (hole: Hole, certified: number) => boolean;
  severity: Severity;
  code: Code;
  message: string;
}

const below = (hole: Hole, certified: number) => hole.offset < certified;
const grey = (hole: Hole, certified: number) => hole.offset >= certified;
const always = () => true;

/** First match wins. Every kind ends in a row without a condition, or in both `below` and `grey` rows. */
const table: readonly Row[] = [
  row(
    'newer-type',
    ['newer-type'],
    always,
    'newer',
    'E_NEWER_FRAME',
    'frame of a type that this version does not know and must not skip',
  ),
  row(
    'link',
    ['link'],
    always,
    'corrupt',
    'E_CHAIN',
    'frame does not follow the one before it: frames were dropped, doubled, swapped or replaced',
  ),
  row('seq-gap', ['seq-gap'], always, 'corrupt', 'E_GAP', 'seq jumps ahead'),
  row('seq-back', ['seq-back'], always, 'corrupt', 'E_SEQ_BACK', 'seq was used before'),
  row(
    'certified',
    ['certified'],
    always,
    'corrupt',
    'E_CERTIFIED',
    'frame claims more durable bytes than lie before it',
  ),
  row('after-seal', ['after-seal'], always, 'corrupt', 'E_AFTER_SEAL', 'bytes after SEAL'),
  row(
    'records',
    ['records'],
    always,
    'corrupt',
    'E_RECORDS',
    'payload passes its checksum but is not the stated number of records',
  ),

  row('zeros-certified', ['zeros'], below, 'corrupt', 'E_ZEROED', 'zeros where durable frames were'),
  row('zeros-grey', ['zeros'], grey, 'note', 'E_PADDING', 'zeros to the end of the file'),
  row('cut-certified', ['cut'], below, 'corrupt', 'E_CUT', 'file ends inside durable frames'),
  row('cut-grey', ['cut'], grey, 'torn', 'E_TORN_TAIL', 'last write is incomplete: the file ends inside it'),
  row(
    'header-zeroed',
    ['header'],
    (h, c) => below(h, c) && h.allZeros,
    'corrupt',
    'E_ZEROED',
    'zeros where durable frames were',
  ),
  row('header-certified', ['header'], below, 'corrupt', 'E_FRAME_HEADER', 'frame header damaged'),
  row(
    'header-torn',
    ['header'],
    (h) => h.zeroSector,
    'torn',
    'E_TORN_TAIL',
    'last write is incomplete: a sector of it never reached the disk',
  ),
  row(
    'header-grey',
    ['header'],
    grey,
    'ambiguous',
    'E_AMBIGUOUS_TAIL',
    'last write is unreadable, and nothing shows whether it was torn or damaged',
  ),
  row('payload-certified', ['payload'], below, 'corrupt', 'E_PAYLOAD', 'payload checksum mismatch'),
  row(
    'payload-torn',
    ['payload'],
    (h) => h.zeroSector,
    'torn',
    'E_TORN_TAIL',
    'last write is incomplete: a sector of it never reached the disk',
  ),
  row(
    'payload-grey',
    ['payload'],
    grey,
    'ambiguous',
    'E_AMBIGUOUS_TAIL',
    'payload of the last write fails its checksum, and nothing shows whether it was torn or damaged',
  ),
];

function row(
  name: string,
  kinds: readonly HoleKind[],
  when: Row['when'],
  severity: Severity,
  code: Code,
  message: string,
): Row {
  return { row: name, kinds, when, severity, code, message };
}

export function judgeHole(hole: Hole, certified: number): Ruling {
  assert(hole.end >= hole.offset, 'a hole does not end before it begins');
  assert(hole.kind !== 'zeros' || (hole.atEnd && hole.allZeros), 'zeros reach the end of the file');
  assert(hole.kind !== 'cut' || hole.atEnd, 'a cut is at the end of the file');
  const found = table.find((entry) => entry.kinds.includes(hole.kind) && entry.when(hole, certified));
  assert(found !== undefined, `no row for a hole of kind ${hole.kind}`);
  return found;
}
