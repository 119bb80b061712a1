import type { CodeCatalogue } from '../../base/errors.ts';

const stray = 'If it lies behind the end of a log that was closed well, walq wal repair STORE --apply moves it away. ';
const verify =
  'walq wal verify STORE shows every fault. walq wal inspect STORE shows what can be read; nothing of the file is changed.';
const keep = 'Copy the store somewhere safe first. ';
const heal = `${keep}If a single bit flipped, walq wal repair STORE --mode heal finds and proves it. ${verify}`;

/** Everything that can be wrong with a log, judged by its segments and HEAD. */
export const walCodes = {
  E_PAYLOAD: {
    title: 'payload checksum mismatch',
    explain:
      'A durable frame has a sound header, but its payload fails its checksum. The header still says which seqs the frame held, so the loss is exact. No crash can do this: bits rotted, a disk or a copy program wrote something else, or somebody edited the file.',
    next: heal,
  },
  E_FRAME_HEADER: {
    title: 'frame header damaged',
    explain:
      'Where a durable frame must begin there is no sound header. The scan went on to the next frame whose header proves itself; its seq says how many records lie in the hole.',
    next: heal,
  },
  E_ZEROED: {
    title: 'zeros where durable frames were',
    explain:
      'Later evidence (a frame, HEAD, the next segment) proves that this stretch of the log was durable, and now it is zero: typical of a disk that lost a block, or of a sync that lied.',
    next: keep + verify,
  },
  E_CUT: {
    title: 'file ends inside durable frames',
    explain:
      'HEAD, a SEAL or a later segment proves that more of this file was on disk. A crash does not shorten what was durable: the file was truncated, or copied in part.',
    next: `${keep}Look for a full copy of the file. ${verify}`,
  },
  E_TORN_TAIL: {
    title: 'torn tail',
    explain:
      'The last write did not reach the disk whole: the usual mark of a crash or a power cut. Nothing in it had been acknowledged. The next writer copies these bytes to quarantine/, trims them and goes on.',
    next: 'Nothing. To trim it now: walq wal repair STORE --mode trim --apply',
  },
  E_AMBIGUOUS_TAIL: {
    title: 'unreadable last write',
    explain:
      'The very last write is there in full length but fails its checksum, and nothing proves that it had been durable. Either it is a torn write whose sectors held old bytes, or an acknowledged write was damaged. walq does not guess: it refuses to write.',
    next:
      keep +
      'To drop the last write: walq wal repair STORE --mode trim --apply --yes (the bytes stay in quarantine, --undo puts them back).',
  },
  E_PADDING: {
    title: 'zeros after the last frame',
    explain:
      'From the end of the last frame to the end of the file there are only zeros. No frame holds that many zeros, so nothing is lost: a busy writer keeps room ready there, and this one is at work or was killed.',
    next: 'Nothing. The next writer cuts them off.',
  },
  E_RECORDS: {
    title: 'records do not fill the payload',
    explain:
      'The payload passes its checksum but cannot be split into the number of records it states: a faulty or hostile writer made the file.',
    next: keep + verify,
  },
  E_CHAIN: {
    title: 'frame does not follow the one before it',
    explain:
      'Each header carries the checksum of the header before it. This one carries another: frames were dropped, doubled, swapped, or taken from elsewhere.',
    next: keep + verify,
  },
  E_GAP: {
    title: 'seq jumps ahead',
    explain: 'Seqs count up by one. Here some are missing between two sound frames.',
    next: keep + verify,
  },
  E_SEQ_BACK: {
    title: 'seq occurs a second time',
    explain:
      'A sound frame carries a seq that an earlier frame already has: a frame or a file was doubled, or an old one was put back.',
    next: keep + verify,
  },
  E_CERTIFIED: {
    title: 'impossible certified end',
    explain:
      'A frame says that more bytes were durable than lie before it. No writer does that: the file was changed or put together by something else.',
    next: keep + verify,
  },
  E_AFTER_SEAL: {
    title: 'bytes after SEAL',
    explain: 'A sealed segment takes no more frames, yet bytes follow its SEAL.',
    next: keep + verify,
  },
  E_NEWER_FRAME: {
    title: 'frame type of a newer walq',
    explain: 'The log holds a kind of frame that this version does not know and that must not be skipped.',
    next: 'Use a newer walq on this store.',
  },
  E_SEGMENT_HEADER: {
    title: 'segment header damaged',
    explain:
      'The first 96 bytes of a segment fail their checksum, or are not there. They hold the salt of all checksums in the file, but so do HEAD and the next segment: if one of these is sound, the frames are read all the same, and only what is really damaged counts as lost.',
    next: heal,
  },
  E_SEGMENT_NAME: {
    title: 'segment under a wrong name',
    explain:
      'The header of the file gives another ordinal or first seq than its name: files were swapped, copied or renamed.',
    next: `${keep}Give the file the name that its header states, if no other file has it. ${stray}${verify}`,
  },
  E_FOREIGN_SEGMENT: {
    title: 'segment of another store',
    explain:
      'The store id in the header of the segment is not the id of this store. Or it is, but the segment is of a copy of this store that was written to as well: it does not follow the segment before it, and HEAD knows another one.',
    next: `${keep}Put the right file back. ${stray}${verify}`,
  },
  E_MISSING_SEGMENT: {
    title: 'segment missing',
    explain: 'Segments are numbered without gaps and each names the one before it. One that must be there is not.',
    next: `Put the missing file back into wal/ if a copy exists. ${verify}`,
  },
  E_SEGMENT_CHAIN: {
    title: 'segment does not follow the one before it',
    explain:
      'A segment header states where the segment before it ended, and with which checksum. That segment ends differently.',
    next: keep + verify,
  },
  E_NOT_SEALED: {
    title: 'segment has no SEAL but a later one is in use',
    explain:
      'A writer seals a segment before it uses the next one. Here the next one holds frames, but this one has no SEAL: its end was lost.',
    next: keep + verify,
  },
  E_END_MISSING: {
    title: 'end of the log missing',
    explain:
      'HEAD proves that the log was durable further than it now reaches: it was cut off exactly after a frame, its last segment was removed, or the store was copied while a writer ran.',
    next: `Look for a full copy. To copy a live store use walq backup instead of cp. ${verify}`,
  },
  E_HEAD_MISMATCH: {
    title: 'HEAD knows another log',
    explain:
      'HEAD names the end and checksum of a frame in this segment. The log is long enough, but has no such frame: another file replaced the segment.',
    next: keep + verify,
  },
  E_HEAD_FOREIGN: {
    title: 'HEAD of another store',
    explain: 'HEAD carries the id of another store, so it is not used as evidence. Nothing of the log is lost by that.',
    next: 'Put the right HEAD back if you have it; otherwise the next writer writes a new one.',
  },
  E_ROTATION_UNFINISHED: {
    title: 'rotation was interrupted',
    explain: 'The next segment was created, but the writer died before it used it. Nothing is lost.',
    next: 'Nothing. The next writer removes the empty segment and goes on in the one before.',
  },
  E_LOST: {
    title: 'events were lost before a salvage',
    explain:
      'This store was salvaged from a damaged one, where these seqs could not be read. A frame of its own takes their place, so that every other event keeps its seq. Nothing is wrong with this store.',
    next: 'Nothing. The answer of the salvage says what may depend on them; the damaged store still holds all that it held.',
  },
} satisfies CodeCatalogue;
