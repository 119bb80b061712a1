/**
 * Mutants of what reads: recovery, the scan, the formats, the verdict.
 *
 * @type {import('./mutants.js').Mutant[]}
 */
export const readingMutants = [
  {
    name: 'what nothing certified is not written again',
    property: 'an opening serves only what the disk has, after a failed sync too',
    file: 'src/storage/open.ts',
    edits: [['await copyStretch(source, from, active.scan.end - from, file, from);', '']],
    tests: ['test/storage/crash/io-errors.test.ts'],
    only: 'pages are dropped',
  },
  {
    name: 'what was written again is not synced',
    property: 'an opening serves only what is synced',
    file: 'src/storage/open.ts',
    edits: [['await source.close();\n  }\n  await file.datasync();', 'await source.close();\n  }']],
    tests: ['test/storage/crash/power-loss.test.ts'],
    only: 'three appends',
  },
  {
    name: 'names that a dead writer left are not synced',
    property: 'an opening makes the names it relies on durable',
    file: 'src/storage/open.ts',
    edits: [
      [
        'for (const folder of [walDir, join(storeDir, snapshotFolder), storeDir]) await',
        'for (const folder of []) await',
      ],
    ],
    tests: ['test/storage/crash/cleaning.test.ts'],
    only: 'checkpoints that clean',
  },
  {
    name: 'a torn tail is not kept',
    property: 'what an opening cuts off lies in quarantine',
    file: 'src/storage/open.ts',
    edits: [["const quarantine = zerosOnly\n      ? ''", "const quarantine = end > 0\n      ? ''"]],
    tests: ['test/storage/crash/power-loss.test.ts'],
    only: 'three appends',
  },
  {
    name: 'damage is not refused',
    property: 'a writer does not go on over damage',
    file: 'src/storage/open.ts',
    edits: [
      ["worst === 'torn' || worst === 'degraded'", "worst === 'torn' || worst === 'degraded' || worst === 'corrupt'"],
    ],
    tests: ['test/storage/damage/cuts.test.ts'],
    only: 'never used',
  },
  {
    name: 'a byte of the frame header outside its checksum',
    property: 'every byte of a frame header is covered',
    file: 'src/storage/wal/format.ts',
    edits: [
      ['crcOf(frame.subarray(0, 36), salt)', 'crcOf(frame.subarray(4, 36), salt)'],
      ['crcOf(bytes.subarray(at, at + 36), salt)', 'crcOf(bytes.subarray(at + 4, at + 36), salt)'],
    ],
    tests: ['test/storage/wal/format.test.ts'],
  },
  {
    name: 'bytes of the segment header outside its checksum',
    property: 'every byte of a segment header is covered',
    file: 'src/storage/wal/format.ts',
    edits: [
      ['const got = crcOf(bytes.subarray(0, 92));', 'const got = crcOf(bytes.subarray(0, 68));'],
      ['crcOf(bytes.subarray(0, 92)), true)', 'crcOf(bytes.subarray(0, 68)), true)'],
    ],
    tests: ['test/storage/wal/format.test.ts'],
  },
  {
    name: 'padding outside the checksum',
    property: 'padding of a frame is covered',
    file: 'src/storage/wal/format.ts',
    edits: [
      [
        'crcOf(frame.subarray(frameHeaderBytes), salt), true',
        'crcOf(frame.subarray(frameHeaderBytes, frameHeaderBytes + header.payloadBytes), salt), true',
      ],
      ['const got = crcOf(body, salt);', 'const got = crcOf(body.subarray(0, header.payloadBytes), salt);'],
      ['if (body[at] !== padByte) return', 'if (body[at] === undefined) return'],
    ],
    tests: ['test/storage/wal/format.test.ts'],
  },
  {
    name: 'a frame may lie anywhere',
    property: 'a frame knows its own offset',
    file: 'src/storage/wal/format.ts',
    edits: [['if (view.getUint32(at + 20, true) !== offset) return undefined;', '']],
    tests: ['test/storage/wal/format.test.ts'],
  },
  {
    name: 'no chain',
    property: 'a frame names the one before it',
    file: 'src/storage/wal/scan-segment.ts',
    edits: [['if (!this.#adrift && header.link !== this.#link) {', 'if (!this.#adrift && header.link < 0) {']],
    tests: ['test/storage/wal/format.test.ts'],
  },
  {
    name: 'the scan stops at the first fault',
    property: 'a later frame proves that a hole is damage',
    file: 'src/storage/wal/scan-segment.ts',
    edits: [['const next = held === 0 ? -1 : findHeader(', 'const next = held >= 0 ? -1 : findHeader(']],
    tests: ['test/storage/damage/bits.test.ts'],
    only: 'without HEAD',
  },
  {
    name: 'HEAD proves nothing',
    property: 'a log cut at the border of a frame is seen',
    file: 'src/storage/wal/head.ts',
    edits: [['return { ...(slot && { slot }), faults };', 'return { faults };']],
    tests: ['test/storage/damage/cuts.test.ts'],
    only: 'HEAD exact',
  },
  {
    name: 'HEAD is written in one slot',
    property: 'a torn write of HEAD leaves the other slot',
    file: 'src/storage/wal/head.ts',
    edits: [['return 4096 + (counter % 2) * 4096;', 'return 4096 + (counter % 1) * 4096;']],
    tests: ['test/storage/crash/ordering.test.ts'],
  },
  {
    name: 'below the certified end is torn',
    property: 'damage to what was certified is never called torn',
    file: 'src/storage/wal/verdict.ts',
    edits: [["row('cut-certified', ['cut'], below, 'corrupt'", "row('cut-certified', ['cut'], below, 'torn'"]],
    tests: ['test/storage/damage/cuts.test.ts'],
    only: 'HEAD exact',
  },
  {
    name: 'O_APPEND',
    property: 'a write goes to its position',
    file: 'src/fs/node-fs.ts',
    edits: [["'r+': fs.constants.O_RDWR | noWait,", "'r+': fs.constants.O_RDWR | fs.constants.O_APPEND | noWait,"]],
    tests: ['test/fs/conformance.test.ts'],
  },
  {
    name: 'the segment is not locked',
    property: 'a second writer is refused when LOCK is gone',
    file: 'src/storage/lock.ts',
    edits: [['if (!(await file.tryLock(segmentLockOffset, 1))) throw', 'if (segmentLockOffset < 0) throw']],
    tests: ['test/storage/crash/two-writers.test.ts'],
    only: 'look is older',
  },
  {
    name: 'a failed read is a missing file',
    property: 'an error of the disk is never taken for missing bytes',
    file: 'src/storage/files.ts',
    edits: [["if (hasErrno(error, 'ENOENT')) return [];", 'if (isFsError(error)) return [];']],
    tests: ['test/storage/crash/open-errors.test.ts'],
  },
  {
    name: 'compaction compares nothing',
    property: 'nothing is removed unless disk and memory agree',
    file: 'src/storage/compact.ts',
    edits: [['if (onDisk !== stateHash) {', "if (onDisk === '') {"]],
    tests: ['test/storage/damage/compact.test.ts'],
  },
];
